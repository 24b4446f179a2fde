import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createDice } from '../support/dice.ts';
import { expectPromiseKept, judge } from '../support/judge.ts';
import { startProducer } from '../support/producer.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, type Ready, type ServerProcess, startProcess } from '../support/server-process.ts';

const KILLS = 50;
const SEED = Number(process.env.BRAZIER_TEST_SEED ?? 20261122);
/** Requests that may be under way: the bound of what one kill can double. */
const UNDER_WAY = 8;
const ANSWER_AFTER_MS = 20;
/** A process that was started sends nothing for so long; what arrives meanwhile its predecessor had sent. */
const UNBORN_MS = 100;

const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('a process that is killed under load', () => {
  it(`loses nothing and reorders nobody over ${KILLS} kills; doubles at most what was under way`, {
    timeout: 240_000,
  }, async () => {
    const dice = createDice(SEED);
    const { sandbox, url, close } = await startSandbox({
      keep: 1_000_000,
      latencyMs: ANSWER_AFTER_MS,
      rateLimit: 1_000_000,
    });
    const folder = makeFolder(url, {
      concurrency: { start: UNDER_WAY, max: UNDER_WAY },
      lingerMs: 10,
      identifyQuietMs: 50,
    });
    cleanups.push(folder.remove, close);

    let server: ServerProcess | undefined;
    let ready: Ready | undefined;
    const bornAt: number[] = [];
    const start = async () => {
      bornAt.push(Date.now() + UNBORN_MS);
      server = startProcess(['serve', '--config', folder.configFile]);
      ready = await server.ready;
    };
    const producer = startProducer({
      url: () => ready?.http,
      writeKey: folder.writeKey,
      lanes: 6,
      peoplePerLane: 20,
      eventsPerBatch: 25,
    });
    for (let kill = 0; kill < KILLS; kill += 1) {
      const starting = start();
      // Some die while they start and recover, most under load.
      if (dice() < 0.8) await starting;
      await wait(5 + dice() * 495);
      ready = undefined;
      server?.kill('SIGKILL');
      await server?.exited;
      await starting.catch(() => undefined);
      ready = undefined;
    }
    await start();
    cleanups.push(async () => {
      server?.kill('SIGTERM');
      expect(await server?.exited).toBe(0);
    });
    await producer.stop();
    await drained(String(ready?.admin));

    const requests = sandbox.requests();
    const lifeOf = ({ at }: { at: string }) => bornAt.filter((time) => time < Date.parse(at)).length;
    const judgement = judge({ producer, requests, letters: new Set(), lifeOf });
    console.log(`seed ${SEED}, ${KILLS} kills, ${requests.length} requests:`, {
      ...judgement,
      doubledRequests: Math.max(0, ...judgement.doubledRequests.values()),
    });
    expect(judgement.acknowledged).toBeGreaterThan(1_000);
    expectPromiseKept(judgement, UNDER_WAY);
    expect(unjoined(sandbox.users())).toEqual([]);
  });
});

/** Waits until everything that was accepted has its outcome. */
async function drained(admin: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const text = await (await fetch(`${admin}/metrics`)).text();
      const gauge = (name: string) => Number(new RegExp(`^${name}{[^}]*} (\\d+)`, 'm').exec(text)?.[1]);
      expect(gauge('brazier_backlog_events') + gauge('brazier_events_in_flight')).toBe(0);
    },
    { timeout: 60_000, interval: 100 },
  );
}

/** Anonymous profiles whose person was identified: the past that a link lost. */
function unjoined(
  users: readonly { external_id?: string | null; user_aliases: readonly { alias_name: string }[] }[],
): string[] {
  const known = new Set(users.map(({ external_id }) => external_id));
  return users
    .filter(({ external_id }) => !external_id)
    .flatMap(({ user_aliases }) => user_aliases.map(({ alias_name }) => alias_name))
    .filter((name) => known.has(name.replace(/^anon-/, '')));
}
