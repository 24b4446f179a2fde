/**
 * One row of the fault matrix: the real process between a producer and a sandbox, with a proxy where one is wanted.
 * The row makes its faults; when it returns they are taken away, and the judge looks at everything.
 */
import { readFileSync } from 'node:fs';
import { expect, inject, vi } from 'vitest';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/server.ts';
import { createDice } from './dice.ts';
import { expectPromiseKept, type Judgement, judge, orphansOf } from './judge.ts';
import { expectHealthy, leaksIn, type Vitals, vitalsOf } from './process-judge.ts';
import { type Produced, type Producer, type ProducerOptions, startProducer } from './producer.ts';
import { type FaultProxy, startProxy } from './proxy.ts';
import { startSandbox } from './sandbox.ts';
import {
  makeFolder,
  type Ready,
  type ServerFolder,
  type ServerProcess,
  startProcess,
} from './server-process.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of everything that is left to chance in a test. */
    seed: number;
  }
}

export interface HarnessOptions {
  /** Behind the seed's faults; `keep` is all. */
  readonly sandbox?: SandboxOptions;
  /** More of the destination's configuration, over the harness's own. */
  readonly destination?: Readonly<Record<string, unknown>>;
  /** Beside the one that is judged. */
  readonly otherDestinations?: readonly object[];
  /** More of the log's configuration. */
  readonly log?: Readonly<Record<string, unknown>>;
  /** Over the harness's own load: 4 lanes of 10 batches of 25 events. False: nothing is produced by itself. */
  readonly load?:
    | Partial<
        Pick<ProducerOptions, 'lanes' | 'peoplePerLane' | 'eventsPerBatch' | 'batchesPerLane' | 'restMs'>
      >
    | false;
  /** A proxy stands between the process and the sandbox. */
  readonly proxied?: boolean;
  /** Where the process sends instead of to the sandbox or its proxy, given where those are. */
  readonly restEndpoint?: (braze: string) => string;
  readonly env?: Record<string, string>;
  /** Requests of which something may arrive twice: lost replies, and what was under way at a kill. Default none. */
  readonly mayDouble?: (harness: Harness) => number | Promise<number>;
  /** The past of these may be orphaned. Default false. */
  readonly mayOrphan?: boolean;
  /** Names of events that the row posts itself. */
  readonly notJudged?: readonly string[];
  readonly maxBytes?: number;
}

export interface Harness {
  readonly seed: number;
  readonly dice: () => number;
  readonly sandbox: Sandbox;
  /** The sandbox's own origin. */
  readonly brazeUrl: string;
  readonly folder: ServerFolder;
  /** Throws where none is wanted. */
  readonly proxy: FaultProxy;
  readonly producer: Producer;
  /** The process that runs now. */
  readonly server: ServerProcess;
  readonly ready: Ready;
  /** SIGKILL, and a new process on the same folder. */
  killAndRestart(): Promise<void>;
  /** Sum of a metric's samples whose labels hold this text. */
  metric(name: string, labels?: string): Promise<number>;
  /** The admin API's answer to a GET. */
  admin<Body>(path: string): Promise<Body>;
  /** The producer is done and everything it sent has its outcome. */
  drained(): Promise<void>;
  /** Posts one event of the row's own; where Braze takes it, its name must stand in `notJudged`. */
  post(event: object): Promise<Response>;
  /** Posts a person's next events in one batch, as the producer makes them. */
  produce(person: string, count?: number): Promise<readonly Produced[]>;
  /** The same with the next event of each that is named. */
  produceFor(people: readonly string[]): Promise<readonly Produced[]>;
}

/** Requests under way at most: what a kill may double. */
export const UNDER_WAY = 8;
export const REST_KEY = 'canary-rest-key';
export const WRITE_KEY = 'canary-write-key';

/** Far above what a row needs when all is well (about 130 MB), far below what a leak makes of it. */
export const MAX_BYTES = 320 * 1024 * 1024;

/** A machine that is busy with other tests is slow, not wrong. */
export const PATIENT = { timeout: 60_000, interval: 50 };
/** How soon a fresh event arrives once the faults are over. */
const FRESH_WITHIN_MS = 10_000;

/** Runs a row and judges it; what was counted, for what a row wants to add. */
export async function underFire(
  options: HarnessOptions,
  row: (harness: Harness) => Promise<void>,
): Promise<Judgement> {
  const cleanups: (() => unknown)[] = [];
  const rig = await startRig(options, cleanups);
  try {
    await row(rig.harness);
    return await rig.judge();
  } catch (error) {
    const stderr = rig.harness.server.stderr().slice(-2_000);
    throw new Error(`seed ${rig.harness.seed}: ${messageOf(error)}\n${stderr}`, { cause: error });
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

/** Everything that runs, and how it is looked at from outside. */
async function startRig(options: HarnessOptions, cleanups: (() => unknown)[]) {
  const seed = inject('seed');
  const dice = createDice(seed);
  const braze = await startSandbox({ keep: 1_000_000, rateLimit: 1_000_000, seed, ...options.sandbox });
  cleanups.push(braze.close);
  const proxy = options.proxied ? await startProxy(braze.url, dice) : undefined;
  if (proxy) cleanups.push(proxy.close);
  const origin = proxy?.url ?? braze.url;
  const restEndpoint = options.restEndpoint?.(origin) ?? origin;
  const folder = makeFolder(
    restEndpoint,
    {},
    {
      sources: [{ id: 'shop', writeKey: WRITE_KEY }],
      log: options.log,
      destinations: [{ restEndpoint, ...destinationOf(options) }, ...(options.otherDestinations ?? [])],
    },
  );
  cleanups.push(folder.remove);
  const lives = startLives(folder, options.env ?? {});
  cleanups.push(() => lives.end());
  await lives.begin();
  const producer = startProducer({
    url: () => lives.now().ready?.http,
    writeKey: WRITE_KEY,
    ...loadOf(options),
  });
  cleanups.push(() => producer.stop());
  const harness: Harness = {
    seed,
    dice,
    sandbox: braze.sandbox,
    brazeUrl: braze.url,
    folder,
    get proxy() {
      if (!proxy) throw new Error('this row has no proxy');
      return proxy;
    },
    producer,
    get server() {
      return lives.now().server;
    },
    get ready() {
      return lives.ready();
    },
    killAndRestart: () => lives.again(),
    metric: (name, labels) => metric(lives.ready(), name, labels),
    admin: (path) => admin(lives.ready(), folder, path),
    drained: async () => {
      await producer.done;
      await drained(lives.ready());
    },
    post: (event) => postOne(lives.ready(), event),
    produce: (person, count = 1) => producer.produce(Array.from({ length: count }, () => person)),
    produceFor: (people) => producer.produce(people),
  };
  return { harness, judge: () => judgeAll(harness, options, { lives, proxy }) };
}

export function destinationOf({ destination = {} }: Pick<HarnessOptions, 'destination'>) {
  return {
    ...('restApiKeyFile' in destination ? { restApiKey: undefined } : { restApiKey: REST_KEY }),
    id: 'braze',
    start: 'beginning',
    concurrency: { start: UNDER_WAY, max: UNDER_WAY },
    lingerMs: 10,
    identifyQuietMs: 50,
    ...destination,
  };
}

export function loadOf({ load = {} }: Pick<HarnessOptions, 'load'>) {
  const own = { lanes: 4, peoplePerLane: 10, eventsPerBatch: 25, batchesPerLane: 10 };
  return load === false ? { ...own, lanes: 0 } : { ...own, ...load };
}

/** The lives of the process on one folder. */
function startLives(folder: ServerFolder, env: Record<string, string>) {
  /** A process sends nothing for so long after it was started; what arrives meanwhile its predecessor had sent. */
  const UNBORN_MS = 100;
  const bornAt: number[] = [];
  const outputs: ServerProcess[] = [];
  let ready: Ready | undefined;
  let before: Vitals = { peakBytes: 0, openFiles: 0 };
  const now = () => {
    const server = outputs.at(-1);
    if (!server) throw new Error('no process was started');
    return { server, ready, before };
  };
  const begin = async () => {
    bornAt.push(Date.now() + UNBORN_MS);
    const server = startProcess(['serve', '--config', folder.configFile], env);
    outputs.push(server);
    ready = await server.ready;
    before = vitalsOf(ready.pid);
  };
  const end = async () => {
    ready = undefined;
    now().server.kill('SIGKILL');
    await now().server.exited;
  };
  return {
    outputs: outputs as readonly ServerProcess[],
    now,
    begin,
    end,
    ready() {
      if (!ready) throw new Error('no process is ready');
      return ready;
    },
    async again() {
      await end();
      await begin();
    },
    lifeOf: ({ at }: { at: string }) => bornAt.filter((time) => time < Date.parse(at)).length,
  };
}

interface Behind {
  readonly lives: ReturnType<typeof startLives>;
  readonly proxy: FaultProxy | undefined;
}

/** Takes the faults away, and holds what came of it against the promise. */
async function judgeAll(
  harness: Harness,
  options: HarnessOptions,
  { lives, proxy }: Behind,
): Promise<Judgement> {
  const { sandbox, producer, server, folder } = harness;
  sandbox.clearFaults();
  proxy?.heal();
  const freshAfterMs = await freshEvent(harness);
  await harness.drained();
  await expectEverythingCounted(harness);
  sandbox.flush();
  const { before, ready } = lives.now();
  const after = vitalsOf(Number(ready?.pid));
  const shown = await shownBy(harness);
  const letters = await lettersOf(harness);
  const mayDouble = (await options.mayDouble?.(harness)) ?? 0;
  server.kill('SIGTERM');
  expect(await server.exited, 'exit code').toBe(0);

  const judgement = judge({
    producer,
    requests: sandbox.requests(),
    letters: new Set(letters.keys()),
    notJudged: new Set(options.notJudged),
    byIdentity: options.log?.kind === 'kafka',
    lifeOf: lives.lifeOf,
  });
  const { doubledRequests, ...counts } = judgement;
  const memoryMb = Math.round(after.peakBytes / 2 ** 20);
  const doubled = Math.max(0, ...doubledRequests.values());
  console.log({
    row: expect.getState().currentTestName,
    seed: harness.seed,
    ...counts,
    doubledRequests: doubled,
    letterCodes: [...new Set(letters.values())].join(),
    freshAfterMs,
    memoryMb,
  });
  expectPromiseKept(judgement, mayDouble);
  if (options.mayOrphan !== true) expect(orphansOf(sandbox.users())).toEqual([]);
  const stderr = lives.outputs.map((each) => each.stderr()).join('');
  expectHealthy({ before, after, maxBytes: options.maxBytes ?? MAX_BYTES, sockets: 3 * UNDER_WAY, stderr });
  const stdout = lives.outputs.map((each) => each.stdout()).join('');
  const token = readFileSync(folder.tokenFile, 'utf8').trim();
  expect(leaksIn({ ...shown, stdout, stderr }, [token]), 'places where a secret stands').toEqual([]);
  return judgement;
}

/** Posts an event of somebody new; how long it took to Braze, ms. */
export async function freshEvent({
  sandbox,
  produce,
}: Pick<Harness, 'sandbox' | 'produce'>): Promise<number> {
  const from = performance.now();
  const [event] = await produce('fresh');
  const arrived = () =>
    sandbox
      .requests()
      .some(({ body, status }) => status === 201 && JSON.stringify(body).includes(`"${event?.id}"`));
  await vi.waitFor(() => expect(arrived(), 'a fresh event arrives').toBe(true), {
    timeout: FRESH_WITHIN_MS,
    interval: 100,
  });
  return Math.round(performance.now() - from);
}

async function expectEverythingCounted({ metric }: Harness): Promise<void> {
  const [read, final = 0, inFlight = 0, handedBack = 0] = await Promise.all(
    [
      'brazier_events_read_total',
      'brazier_events_total',
      'brazier_events_in_flight',
      'brazier_events_handed_back_total',
    ].map((name) => metric(name)),
  );
  expect(read, 'read = final + in flight + handed back').toBe(final + inFlight + handedBack);
}

/** What those see who may not see a key or a person. */
export async function shownBy({
  ready,
  admin,
}: Pick<Harness, 'ready' | 'admin'>): Promise<Record<string, string>> {
  return {
    metrics: await (await fetch(`${ready.admin}/metrics`)).text(),
    readiness: await (await fetch(`${ready.admin}/health/ready`)).text(),
    destinations: JSON.stringify(await admin('/destinations')),
    'dead letters': JSON.stringify(await admin('/dead-letters?limit=1000')),
  };
}

interface Letter {
  readonly code: string;
  readonly payload: string;
}

/** Code of each dead letter by its messageId. */
export async function lettersOf({ admin }: Pick<Harness, 'admin'>): Promise<Map<string, string>> {
  const { letters } = await admin<{ letters: Letter[] }>('/dead-letters?limit=1000&showPayload=true');
  return new Map(letters.map(({ payload, code }) => [idIn(payload), code]));
}

/** The whole text where it is no event. */
function idIn(payload: string): string {
  try {
    return String(JSON.parse(payload).messageId);
  } catch {
    return payload;
  }
}

export async function metric(ready: Ready, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${ready.admin}/metrics`)).text();
  const samples = text.matchAll(new RegExp(`^${name}(?:{([^}]*)})? ([0-9.e+-]+)$`, 'gm'));
  return samples.reduce((sum, [, own = '', value]) => (own.includes(labels) ? sum + Number(value) : sum), 0);
}

function postOne({ http }: Ready, event: object): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`;
  const body = JSON.stringify({ batch: [event] });
  return fetch(`${http}/v1/batch`, { method: 'POST', headers: { authorization }, body });
}

export async function admin<Body>(ready: Ready, { tokenFile }: ServerFolder, path: string): Promise<Body> {
  const authorization = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
  return (await (await fetch(`${ready.admin}${path}`, { headers: { authorization } })).json()) as Body;
}

/** Waits until everything that was accepted has its outcome. */
async function drained(ready: Ready): Promise<void> {
  await vi.waitFor(async () => {
    const open = await Promise.all(
      ['brazier_backlog_events', 'brazier_events_in_flight'].map((name) => metric(ready, name)),
    );
    expect(open, 'backlog and events in flight').toEqual([0, 0]);
  }, PATIENT);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
