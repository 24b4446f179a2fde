/**
 * A row of the fault matrix with several processes: one `ingest` and as many `worker`s as the row wants on one Kafka,
 * between a producer and a sandbox. When the row returns the faults are taken away, and the judge looks at everything.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, inject, vi } from 'vitest';
import type { Sandbox, SandboxOptions } from '../../../src/sandbox/server.ts';
import { createDice } from '../dice.ts';
import {
  admin,
  destinationOf,
  freshEvent,
  type HarnessOptions,
  lettersOf,
  loadOf,
  MAX_BYTES,
  metric,
  shownBy,
  UNDER_WAY,
  WRITE_KEY,
} from '../harness.ts';
import { expectPromiseKept, type Judgement, judge, orphansOf } from '../judge.ts';
import { expectHealthy, leaksIn, type Vitals, vitalsOf } from '../process-judge.ts';
import { type Producer, startProducer } from '../producer.ts';
import { startSandbox } from '../sandbox.ts';
import {
  makeFolder,
  type Ready,
  type ServerFolder,
  type ServerProcess,
  startProcess,
} from '../server-process.ts';
import { backwardIn, type CommitHistory, openCommitHistory } from './commit-history.ts';
import { type KafkaScratch, openScratch } from './shared.ts';

export interface WorkersOptions
  extends Pick<HarnessOptions, 'destination' | 'load' | 'mayOrphan' | 'notJudged'> {
  readonly sandbox?: SandboxOptions;
  /** Over the rig's own log: 6 partitions, sessions of 6 s. */
  readonly log?: Readonly<Record<string, unknown>>;
  /** Workers that run when the row begins. Default 2. */
  readonly workers?: number;
  /** Requests that may arrive twice beside those under way at a SIGKILL: lost replies, members given up. Default 0. */
  readonly mayDouble?: () => number;
  /** Default: the shared broker. */
  readonly brokers?: string[];
}

export interface Worker {
  readonly ready: Ready;
  readonly process: ServerProcess;
  /** A fault of it is the row's own; what it leaves behind is judged. Exit code, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  metric(name: string, labels?: string): Promise<number>;
}

export interface Workforce {
  readonly seed: number;
  readonly dice: () => number;
  readonly sandbox: Sandbox;
  readonly scratch: KafkaScratch;
  readonly topic: string;
  /** The destination's group. */
  readonly groupId: string;
  readonly producer: Producer;
  readonly ingest: Ready;
  /** Those that run, oldest first. */
  readonly workers: readonly Worker[];
  /** Workers that were killed so far. */
  readonly killed: number;
  /** One more; resolves when it is ready, which is before it has partitions. */
  hire(): Promise<Worker>;
  /** The partitions are dealt among exactly those that run, and each reads. */
  dealt(): Promise<void>;
  /** The group has settled everything that there is. */
  drained(): Promise<void>;
  /** Ids of the group's members, sorted. */
  members(): Promise<string[]>;
  /** Sum over the workers that run. */
  metric(name: string, labels?: string): Promise<number>;
}

export const PARTITIONS = 6;
export const SESSION_MS = 6_000;
/** Where no process is killed or frozen: a machine that is busy for some seconds ends no session. */
export const NOBODY_DIES = { sessionTimeoutMs: 30_000 };
const DESTINATION = 'braze';
/** A busy machine starts a process in seconds, and a group waits for the slowest of its members. */
const PATIENT = { timeout: 120_000, interval: 200 };

/** Runs a row and judges it; what was counted, for what a row wants to add. */
export async function withWorkers(
  options: WorkersOptions,
  row: (workforce: Workforce) => Promise<void>,
): Promise<Judgement> {
  const cleanups: (() => unknown)[] = [];
  const rig = await startRig(options, cleanups);
  try {
    await row(rig.workforce);
    return await judgeAll(rig, options);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const stderr = rig.lives
      .map(({ process }, n) => `--- ${n}\n${process.stderr().slice(-1_500)}`)
      .join('\n');
    throw new Error(`seed ${rig.workforce.seed}: ${reason}\n${stderr}`, { cause: error });
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

/** A process that was started: the first is `ingest`. */
interface Life {
  readonly folder: ServerFolder;
  readonly process: ServerProcess;
  readonly ready: Ready;
  readonly before: Vitals;
}

interface Rig {
  readonly workforce: Workforce;
  readonly history: CommitHistory;
  /** All that were ever started. */
  readonly lives: readonly Life[];
  readonly ingest: Life;
  /** Exit codes of those that were stopped in peace. */
  readonly codes: readonly (number | string)[];
}

async function startRig(options: WorkersOptions, cleanups: (() => unknown)[]): Promise<Rig> {
  const seed = inject('seed');
  const dice = createDice(seed);
  const scratch = await openScratch(options.brokers);
  cleanups.push(() => scratch.close());
  const history = await openCommitHistory(scratch.brokers);
  cleanups.push(() => history.close());
  const braze = await startSandbox({ keep: 1_000_000, rateLimit: 1_000_000, seed, ...options.sandbox });
  cleanups.push(braze.close);
  const lives: Life[] = [];
  const running: Worker[] = [];
  const codes: (number | string)[] = [];
  let killed = 0;
  const config = configOf(options, scratch, braze.url);

  async function start(role: 'ingest' | 'worker'): Promise<Life> {
    const folder = makeFolder(braze.url, {}, config);
    cleanups.push(folder.remove);
    const process = startProcess(['serve', '--config', folder.configFile, '--role', role]);
    cleanups.push(() => {
      process.kill('SIGKILL');
      return process.exited;
    });
    const ready = await process.ready;
    const life = { folder, process, ready, before: vitalsOf(ready.pid) };
    lives.push(life);
    return life;
  }

  function workerOf({ process, ready }: Life): Worker {
    const worker: Worker = {
      process,
      ready,
      metric: (name, labels) => metric(ready, name, labels),
      async end(signal) {
        running.splice(running.indexOf(worker), 1);
        if (signal === 'SIGKILL') killed += 1;
        process.kill(signal);
        const code = await process.exited;
        if (signal !== 'SIGKILL') codes.push(code);
        return code;
      },
    };
    return worker;
  }

  // It makes the topics.
  const ingest = await start('ingest');
  const hire = async () => {
    const worker = workerOf(await start('worker'));
    running.push(worker);
    return worker;
  };
  await Promise.all(Array.from({ length: options.workers ?? 2 }, hire));
  const producer = startProducer({ url: () => ingest.ready.http, writeKey: WRITE_KEY, ...loadOf(options) });
  cleanups.push(() => producer.stop());
  const { topic, groupPrefix } = config.log;
  const groupId = `${groupPrefix}.${DESTINATION}`;
  cleanups.push(() => scratch.admin.deleteGroups([groupId]).catch(() => undefined));
  const group = groupOf({ scratch, topic, groupId, running });
  const workforce: Workforce = {
    seed,
    dice,
    sandbox: braze.sandbox,
    scratch,
    topic,
    groupId,
    producer,
    ingest: ingest.ready,
    workers: running,
    get killed() {
      return killed;
    },
    hire,
    ...group,
  };
  return { workforce, history, lives, ingest, codes };
}

function configOf(options: WorkersOptions, scratch: KafkaScratch, restEndpoint: string) {
  const log = {
    kind: 'kafka',
    brokers: scratch.brokers,
    topic: scratch.topicName('events'),
    deadLetterTopic: scratch.topicName('letters'),
    requestTopic: scratch.topicName('requests'),
    groupPrefix: `workers-${randomUUID().slice(0, 13)}`,
    partitions: PARTITIONS,
    replicationFactor: 1,
    sessionTimeoutMs: SESSION_MS,
    ...options.log,
  };
  return {
    sources: [{ id: 'shop', writeKey: WRITE_KEY }],
    destinations: [{ restEndpoint, ...destinationOf(options), id: DESTINATION }],
    log,
  };
}

interface GroupParts {
  readonly scratch: KafkaScratch;
  readonly topic: string;
  readonly groupId: string;
  readonly running: readonly Worker[];
}

/** How the group is seen from outside. */
function groupOf({ scratch: { admin: kafka }, topic, groupId, running }: GroupParts) {
  const sum = async (name: string, labels?: string) => {
    const all = await Promise.all(running.map((worker) => worker.metric(name, labels)));
    return all.reduce((total, each) => total + each, 0);
  };
  const described = async () => {
    const { groups } = await kafka.describeGroups([groupId]);
    return {
      state: groups[0]?.state,
      members: (groups[0]?.members ?? []).map(({ memberId }) => memberId).sort(),
    };
  };
  return {
    metric: sum,
    members: async () => (await described()).members,
    dealt: () =>
      vi.waitFor(async () => {
        const { state, members } = await described();
        expect({ state, members: members.length }).toEqual({ state: 'Stable', members: running.length });
        const partitions = (await kafka.fetchTopicOffsets(topic)).length;
        expect(await sum('brazier_kafka_assigned_partitions'), 'partitions assigned').toBe(partitions);
      }, PATIENT),
    drained: () =>
      vi.waitFor(async () => {
        const ends = await kafka.fetchTopicOffsets(topic);
        const [stored] = await kafka.fetchOffsets({ groupId, topics: [topic] });
        const open = ends.filter(({ partition, high }) => {
          const place = stored?.partitions.find((each) => each.partition === partition);
          return Number(high) > 0 && place?.offset !== high;
        });
        expect(open, 'partitions that are not settled to their end').toEqual([]);
      }, PATIENT),
  };
}

/** Takes the faults away, and holds what came of it against the promise. */
async function judgeAll(
  { workforce, history, lives, ingest, codes }: Rig,
  options: WorkersOptions,
): Promise<Judgement> {
  const { sandbox, producer, workers, groupId } = workforce;
  sandbox.clearFaults();
  await workforce.dealt();
  const freshAfterMs = await freshEvent({ sandbox, produce: (person) => producer.produce([person]) });
  await producer.done;
  await workforce.drained();
  sandbox.flush();
  const asked = {
    ready: ingest.ready,
    admin: <Body>(path: string) => admin<Body>(ingest.ready, ingest.folder, path),
  };
  const shown = await shownBy(asked);
  const letters = await lettersOf(asked);
  const commits = await history.commits(groupId);
  const left = lives.filter(({ ready }) =>
    [ingest.ready, ...workers.map((each) => each.ready)].includes(ready),
  );
  const vitals = left.map(({ ready, before, process }) => ({
    before,
    after: vitalsOf(ready.pid),
    stderr: process.stderr(),
  }));
  const ends = [...workers].map((worker) => worker.end('SIGTERM'));
  ingest.process.kill('SIGTERM');
  await Promise.all(ends);
  expect(
    [...codes, await ingest.process.exited].filter((code) => code !== 0),
    'exit codes',
  ).toEqual([]);

  const judgement = judge({
    producer,
    requests: sandbox.requests(),
    letters: new Set(letters.keys()),
    notJudged: new Set(options.notJudged),
    byIdentity: true,
    lifeOf: () => 1,
  });
  const { doubledRequests, ...counts } = judgement;
  const doubled = doubledRequests.get(1) ?? 0;
  const memoryMb = Math.round(Math.max(...vitals.map(({ after }) => after.peakBytes)) / 2 ** 20);
  const letterCodes = [...new Set(letters.values())].join();
  const { seed, killed } = workforce;
  const of = { seed, killed, commits: commits.length, doubledRequests: doubled };
  console.log({
    row: expect.getState().currentTestName,
    ...counts,
    ...of,
    letterCodes,
    freshAfterMs,
    memoryMb,
  });
  expectPromiseKept(judgement, UNDER_WAY * killed + (options.mayDouble?.() ?? 0));
  if (options.mayOrphan !== true) expect(orphansOf(sandbox.users())).toEqual([]);
  expect(commits.length, 'commits').toBeGreaterThan(0);
  expect(backwardIn(commits), 'commits that went back').toEqual([]);
  for (const each of vitals) expectHealthy({ ...each, maxBytes: MAX_BYTES, sockets: 6 * UNDER_WAY });
  expectNoLeaks(lives, shown);
  return judgement;
}

function expectNoLeaks(lives: readonly Life[], shown: Readonly<Record<string, string>>): void {
  const outputs = lives.flatMap(({ process }, n) => [
    [`stdout ${n}`, process.stdout()],
    [`stderr ${n}`, process.stderr()],
  ]);
  const tokens = lives.map(({ folder }) => readFileSync(folder.tokenFile, 'utf8').trim());
  expect(
    leaksIn({ ...shown, ...Object.fromEntries(outputs) }, tokens),
    'places where a secret stands',
  ).toEqual([]);
}
