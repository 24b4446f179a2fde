/** The real process under signals and under load: what it promises when it ends, and what its metrics say meanwhile. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { expectPromiseKept, judge } from '../support/judge.ts';
import { startProducer } from '../support/producer.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, type Ready, type ServerProcess, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function rig(
  sandboxOptions: Parameters<typeof startSandbox>[0],
  destination: Record<string, unknown> = {},
) {
  const { sandbox, url, close } = await startSandbox({
    rateLimit: 1_000_000,
    keep: 100_000,
    ...sandboxOptions,
  });
  const folder = makeFolder(url, { lingerMs: 10, identifyQuietMs: 50, ...destination });
  cleanups.push(folder.remove, close);
  const start = (): ServerProcess => {
    const server = startProcess(['serve', '--config', folder.configFile]);
    cleanups.push(async () => {
      server.kill('SIGKILL');
      await server.exited;
    });
    return server;
  };
  return { sandbox, folder, start };
}

/** The sums of metrics over all their labels. */
async function scrape({ admin }: Ready): Promise<(name: string, label?: string) => number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return (name, label = '') =>
    [...text.matchAll(new RegExp(`^${name}(?:{([^}]*)})? (\\S+)$`, 'gm'))]
      .filter(([, labels]) => (labels ?? '').includes(label))
      .reduce((sum, [, , value]) => sum + Number(value), 0);
}

const open = (of: Awaited<ReturnType<typeof scrape>>) =>
  of('brazier_backlog_events') + of('brazier_events_in_flight');

/** Nothing is open: everything that was accepted has its outcome. */
const drained = (ready: Ready) =>
  vi.waitFor(async () => expect(open(await scrape(ready))).toBe(0), { timeout: 60_000, interval: 50 });

describe('SIGTERM', () => {
  it('row 10: under load drains and exits 0: nothing lost, nothing reordered, nothing doubled', {
    timeout: 180_000,
  }, async () => {
    const t = await rig({ latencyMs: 50 }, { concurrency: { start: 4, max: 4 } });
    let ready: Ready | undefined;
    const producer = startProducer({
      url: () => ready?.http,
      writeKey: t.folder.writeKey,
      lanes: 4,
      peoplePerLane: 20,
      eventsPerBatch: 50,
    });
    for (let life = 0; life < 3; life += 1) {
      const server = t.start();
      ready = await server.ready;
      await wait(300 + 150 * life);
      if (life === 2) {
        await producer.stop();
        await drained(ready);
      }
      server.kill('SIGTERM');
      expect(await server.exited).toBe(0);
      expect(server.stderr()).not.toContain('"level":"error"');
    }
    const requests = t.sandbox.requests();
    const judgement = judge({ producer, requests, letters: new Set(), lifeOf: () => 0 });
    expect(judgement.acknowledged).toBeGreaterThan(100);
    expectPromiseKept(judgement, 0);
    expect(judgement.doubled).toBe(0);
  });

  it('row 10: right after the ready line is no surprise', async () => {
    const t = await rig({});
    for (let life = 0; life < 2; life += 1) {
      const server = t.start();
      await server.ready;
      server.kill('SIGTERM');
      expect(await server.exited).toBe(0);
    }
  });

  it('row 12: a second one, while the first waits for Braze, exits at once and not with 0', async () => {
    const t = await rig({});
    t.sandbox.addFaults([{ do: { hang: true } }]);
    const server = t.start();
    const ready = await server.ready;
    await post(ready, t.folder.writeKey, 10);
    await vi.waitFor(() => expect(t.sandbox.requests().length).toBe(1), { timeout: 60_000 });
    server.kill('SIGTERM');
    await vi.waitFor(async () => await expect(fetch(ready.http)).rejects.toThrow(), { timeout: 60_000 });
    const begun = performance.now();
    server.kill('SIGTERM');
    expect(await server.exited).toBe(1);
    // Waiting for Braze would take 25 s.
    expect(performance.now() - begun).toBeLessThan(5_000);
    t.sandbox.clearFaults();
    await drained(await t.start().ready);
    expect(t.sandbox.users().length).toBe(10);
  });
});

describe('metrics', () => {
  it('add up at every scrape under load, and hold no secret; nor do the log lines', {
    timeout: 180_000,
  }, async () => {
    const t = await rig({ latencyMs: 20 });
    t.sandbox.addFaults([
      { match: {}, probability: 0.1, do: { status: 503 } },
      { match: { externalId: 'u0' }, do: { status: 400, body: { message: 'no' } } },
    ]);
    const server = t.start();
    const ready = await server.ready;
    const producer = startProducer({
      url: () => ready.http,
      writeKey: t.folder.writeKey,
      lanes: 4,
      peoplePerLane: 500,
      eventsPerBatch: 100,
    });
    await post(ready, t.folder.writeKey, 10);
    for (let turn = 0; turn < 30; turn += 1) {
      const of = await scrape(ready);
      const read = of('brazier_events_read_total');
      expect(of('brazier_events_total') + of('brazier_events_in_flight')).toBe(read);
      expect(read + of('brazier_backlog_events')).toBe(
        of('brazier_ingest_events_total', 'outcome="accepted"'),
      );
      await wait(20);
    }
    await producer.stop();
    await drained(ready);
    const of = await scrape(ready);
    expect(of('brazier_dead_letters')).toBe(of('brazier_events_total', 'outcome="rejected"'));
    expect(of('brazier_dead_letters')).toBe(1);
    const metrics = await (await fetch(`${ready.admin}/metrics`)).text();
    const texts = metrics + server.stderr() + server.stdout();
    for (const secret of ['test-rest-key', t.folder.writeKey, 'p0-0', 'anon-p0'])
      expect(texts).not.toContain(secret);
  });

  it('add up over a restart too: what was left then is the backlog to start from', async () => {
    const t = await rig({ latencyMs: 20 });
    t.sandbox.addFaults([{ do: { status: 500 } }]);
    const first = t.start();
    await post(await first.ready, t.folder.writeKey, 300);
    first.kill('SIGKILL');
    await first.exited;
    t.sandbox.clearFaults();
    const ready = await t.start().ready;
    const leftAtStart = 300;
    const expectSums = async () => {
      const of = await scrape(ready);
      const read = of('brazier_events_read_total');
      expect(of('brazier_events_total') + of('brazier_events_in_flight')).toBe(read);
      const accepted = of('brazier_ingest_events_total', 'outcome="accepted"');
      expect(read + of('brazier_backlog_events')).toBe(accepted + leftAtStart);
    };
    for (let turn = 0; turn < 20; turn += 1) {
      await expectSums();
      await post(ready, t.folder.writeKey, 50);
    }
    await drained(ready);
    await expectSums();
  });
});

async function post({ http }: Ready, writeKey: string, count: number): Promise<void> {
  const batch = Array.from({ length: count }, (_, index) => ({
    type: 'track',
    userId: `u${index}`,
    event: 'e',
  }));
  const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
  const reply = await fetch(`${http}/v1/batch`, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify({ batch }),
  });
  expect(reply.status).toBe(200);
  await reply.text();
}
