/** What a session does when kafkajs' consumer has crashed: join again, or tell that reading has ended. */
import kafkajs from 'kafkajs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KafkaClient } from '../../../../src/log/kafka/client.ts';
import { type GroupSession, startSession } from '../../../../src/log/kafka/session.ts';
import { NO_SIGNS } from '../../../../src/log/kafka/signs.ts';

const errors = kafkajs as unknown as Record<string, new (...args: unknown[]) => Error>;

function make(name: string, ...args: unknown[]): Error {
  const Made = errors[name];
  if (!Made) throw new Error(`kafkajs has no ${name}`);
  return new Made(...args);
}

const coordinatorAway = () => make('KafkaJSGroupCoordinatorNotFound', 'Failed to find group coordinator');

type Listener = (event: { payload: object }) => void;

let listeners: Map<string, Listener>;
let runs: number;
/** What the next runs crash with while they start. */
let startCrashes: Error[];
let fatals: Error[];
let warnings: string[];
let crashes: boolean[];
let session: GroupSession;

/** As kafkajs does when it cannot try again: it stops, says so, and its `run` resolves all the same. */
function crash(error: Error): void {
  listeners.get('crash')?.({ payload: { error, restart: false } });
}

function consumer() {
  return {
    events: new Proxy({}, { get: (_target, name) => (name === 'CRASH' ? 'crash' : String(name)) }),
    on: (name: string, listener: Listener) => listeners.set(name, listener),
    connect: async () => undefined,
    subscribe: async () => undefined,
    async run() {
      runs += 1;
      const error = startCrashes.shift();
      if (error) crash(error);
    },
    stop: async () => undefined,
    disconnect: async () => undefined,
  };
}

beforeEach(() => {
  [listeners, runs, startCrashes, fatals, warnings, crashes] = [new Map(), 0, [], [], [], []];
  session = startSession({
    client: { kafka: { consumer }, newCluster: () => undefined } as unknown as KafkaClient,
    groupId: 'p.braze',
    group: 'braze',
    topics: ['t'],
    member: { assign: () => undefined, revoke: async () => undefined },
    decode: () => {
      throw new Error('nothing is read');
    },
    prepare: async () => undefined,
    signs: { ...NO_SIGNS, crashed: (_group, restart) => crashes.push(restart) },
    revokeMs: 1_000,
    now: () => 0,
    onFatal: (error) => fatals.push(error),
    onWarning: (message) => warnings.push(message),
  });
});
afterEach(() => session.leave());

const hasRun = (times: number) =>
  vi.waitFor(() => expect([runs, fatals]).toEqual([times, []]), { timeout: 60_000 });

it.for([
  ['as it is', coordinatorAway],
  ['as the cause of another', () => make('KafkaJSNonRetriableError', 'x', { cause: coordinatorAway() })],
] as const)('brokers that name no coordinator end nothing: it joins again (%s)', async ([, error]) => {
  await hasRun(1);
  crash(error());
  await hasRun(2);
  expect(crashes).toEqual([true]);
  expect(warnings).toEqual([expect.stringContaining('names the coordinator')]);
});

it('and again, when they name none while it joins', async () => {
  await hasRun(1);
  startCrashes = [coordinatorAway(), coordinatorAway()];
  crash(coordinatorAway());
  await hasRun(4);
  crash(coordinatorAway());
  await hasRun(5);
});

it('any other crash that kafkajs does not try again is fatal, whatever its name', async () => {
  await hasRun(1);
  crash(make('KafkaJSNonRetriableError', 'who knows'));
  expect(runs).toBe(1);
  expect(fatals).toMatchObject([{ code: 'log_unavailable', message: expect.stringContaining('who knows') }]);
  expect(crashes).toEqual([false]);
});
