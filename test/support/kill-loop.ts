/**
 * Kills the real process again and again, under load and while it starts, and says what came of the promise. It needs
 * no test runner, so that a script can have it run for longer than a test may.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { createDice } from './dice.ts';
import { type Judgement, judge, orphansOf } from './judge.ts';
import { vitalsOf } from './process-judge.ts';
import { startProducer } from './producer.ts';
import { startSandbox } from './sandbox.ts';
import {
  makeFolder,
  type Ready,
  type ServerFolder,
  type ServerProcess,
  startProcess,
} from './server-process.ts';

export interface KillLoopOptions {
  readonly kills: number;
  readonly seed: number;
  /** Then it is enough, however many kills there were. */
  readonly maxSeconds: number;
}

export interface KillReport {
  readonly seed: number;
  readonly kills: number;
  readonly requests: number;
  readonly judgement: Judgement;
  /** Requests that may have been under way at a kill. */
  readonly underWay: number;
  /** Persons whose anonymous past was not joined. */
  readonly orphans: readonly string[];
  /** The most memory that the last process had. */
  readonly peakBytes: number;
  /** Exit code of the last process, which was stopped in peace. */
  readonly exitCode: number | string;
}

const UNDER_WAY = 8;
const ANSWER_AFTER_MS = 20;
/** A process that was started sends nothing for so long; what arrives meanwhile its predecessor had sent. */
const UNBORN_MS = 100;
/** The others die while they start and recover. */
const UNDER_LOAD = 0.6;
const DRAINED_WITHIN_MS = 120_000;

export async function runKillLoop({ kills, seed, maxSeconds }: KillLoopOptions): Promise<KillReport> {
  const braze = await startSandbox({ keep: 10_000_000, latencyMs: ANSWER_AFTER_MS, rateLimit: 1_000_000 });
  const folder = makeFolder(braze.url, {
    concurrency: { start: UNDER_WAY, max: UNDER_WAY },
    lingerMs: 10,
    identifyQuietMs: 50,
  });
  const lives = createLives(folder);
  const { writeKey } = folder;
  const load = { lanes: 6, peoplePerLane: 20, eventsPerBatch: 25 };
  const producer = startProducer({ url: () => lives.url(), writeKey, ...load });
  try {
    const until = performance.now() + maxSeconds * 1_000;
    const busy = () => oneMore(() => producer.acknowledged.size);
    const done = await killUntil({ kills, until, dice: createDice(seed), busy }, lives);
    const ready = await lives.begin();
    await producer.stop();
    await drained(ready.admin);
    const { peakBytes } = vitalsOf(ready.pid);
    const letters = await letterCount(ready.admin);
    if (letters > 0) throw new Error(`${letters} dead letters of events that are all good`);
    const exitCode = await lives.end('SIGTERM');
    const requests = braze.sandbox.requests();
    const judgement = judge({ producer, requests, letters: new Set(), lifeOf: lives.lifeOf });
    braze.sandbox.flush();
    const orphans = orphansOf(braze.sandbox.users());
    const counts = { seed, kills: done, requests: requests.length, underWay: UNDER_WAY };
    return { ...counts, judgement, orphans, peakBytes, exitCode };
  } finally {
    await lives.end('SIGKILL');
    await braze.close();
    folder.remove();
  }
}

interface Killing {
  readonly kills: number;
  readonly until: number;
  readonly dice: () => number;
  /** Resolves when the process that was just started has something to do. */
  readonly busy: () => Promise<void>;
}

/** How many there were. */
async function killUntil({ kills, until, dice, busy }: Killing, lives: Lives): Promise<number> {
  for (let kill = 0; kill < kills; kill += 1) {
    if (performance.now() > until) return kill;
    const starting = lives.begin();
    starting.catch(() => undefined);
    if (dice() < UNDER_LOAD) {
      await starting;
      await busy();
    }
    await wait(5 + dice() * 295);
    await lives.end('SIGKILL');
  }
  return kills;
}

/** Where the machine is busy a process that is ready may still be long without load. */
const BUSY_WITHIN_MS = 2_000;

async function oneMore(count: () => number): Promise<void> {
  const [before, until] = [count(), performance.now() + BUSY_WITHIN_MS];
  while (count() === before && performance.now() < until) await wait(5);
}

type Lives = ReturnType<typeof createLives>;

function createLives(folder: ServerFolder) {
  const bornAt: number[] = [];
  let server: ServerProcess | undefined;
  let ready: Ready | undefined;
  return {
    url: () => ready?.http,
    async begin(): Promise<Ready> {
      bornAt.push(Date.now() + UNBORN_MS);
      const born = startProcess(['serve', '--config', folder.configFile]);
      server = born;
      const answer = await born.ready;
      if (server === born) ready = answer;
      return answer;
    },
    async end(signal: NodeJS.Signals): Promise<number | string> {
      ready = undefined;
      server?.kill(signal);
      const code = await server?.exited;
      ready = undefined;
      return code ?? 'never started';
    },
    lifeOf: ({ at }: { at: string }) => bornAt.filter((time) => time < Date.parse(at)).length,
  };
}

/** Waits until everything that was accepted has its outcome. */
async function drained(admin: string): Promise<void> {
  const until = performance.now() + DRAINED_WITHIN_MS;
  for (;;) {
    const of = await scrape(admin);
    if (of('brazier_backlog_events') + of('brazier_events_in_flight') === 0) return;
    if (performance.now() > until) throw new Error(`not drained within ${DRAINED_WITHIN_MS} ms`);
    await wait(100);
  }
}

async function letterCount(admin: string): Promise<number> {
  return (await scrape(admin))('brazier_dead_letters');
}

/** Sums of samples over all their labels. */
async function scrape(admin: string): Promise<(name: string) => number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return (name) => {
    const samples = text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'gm'));
    return samples.reduce((sum, [, value]) => sum + Number(value), 0);
  };
}
