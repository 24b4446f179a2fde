import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Intake, openIntake } from '../../../src/intake/intake.ts';
import { INTAKE_LIMITS, type IntakeLimits } from '../../../src/intake/limits.ts';
import { type EventLog, LogError, type Member } from '../../../src/log/log.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import { createMemoryState, type MemoryState } from '../../../src/log/memory-state.ts';
import type { LogFields } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { createFakeTopics, type FakeTopics, NOW, subscription, type Written } from './topics.ts';

const LIMITS: IntakeLimits = { ...INTAKE_LIMITS, maxAppendEvents: 3, maxRetryMs: 2 };

const event = (user: string, name: string): Written => ({
  value: JSON.stringify({ type: 'track', event: name, userId: user }),
});

interface Rig {
  readonly intake: Intake;
  readonly topics: FakeTopics;
  readonly state: MemoryState;
  readonly log: EventLog;
  /** Awaited before each append; throw in it to refuse. */
  gate: () => Promise<void> | void;
  readonly fatal: Error[];
  readonly lines: LogFields[];
  member: Member | undefined;
  counted(outcome: string): Promise<number>;
}

interface Life {
  readonly topics?: FakeTopics;
  readonly state?: MemoryState;
  readonly limits?: IntakeLimits;
  readonly format?: 'event' | 'batch';
}

function rig({ topics, state = createMemoryState(), limits = LIMITS, format = 'event' }: Life = {}): Rig {
  const only = subscription({ format });
  const world = topics ?? createFakeTopics(only);
  const log = createMemoryLog({ state, now: () => NOW });
  const metrics = createMetrics({ version: '0' }, { processMetrics: false });
  const lines: LogFields[] = [];
  const append: EventLog['append'] = async (...args) => {
    await made.gate();
    return log.append(...args);
  };
  const intake = openIntake({
    owners: { of: () => only },
    openSession(member) {
      made.member = member;
      return world.open(member);
    },
    log: { append, maxValueBytes: Number.POSITIVE_INFINITY },
    limits,
    metrics,
    logger: { warn: (_message, fields) => lines.push(fields ?? {}) },
    clock: { epochMs: () => NOW, delay: (ms, signal) => wait(ms, undefined, { signal }) },
    random: () => 0.5,
    onFatal: (error) => made.fatal.push(error),
  });
  const made: Rig = {
    intake,
    topics: world,
    state,
    log,
    gate: () => undefined,
    fatal: [],
    lines,
    member: undefined,
    async counted(outcome) {
      const { values } = await metrics.ingestEvents.get();
      const of = values.filter(({ labels }) => labels.outcome === outcome && labels.channel === 'kafka');
      return of.reduce((sum, { value }) => sum + value, 0);
    },
  };
  onTestFinished(() => intake.abort());
  return made;
}

const names = ({ records }: MemoryState) =>
  records.map(({ value }) => JSON.parse(Buffer.from(value).toString()).event as string);
const watermarks = ({ committed }: FakeTopics) =>
  [...committed].sort().map(([partition, { watermark }]) => `${partition}:${watermark}`);

describe('records of topics', () => {
  test('come into the log in the order of their partition, and are committed behind it', async () => {
    const { intake, topics, state } = rig();
    topics.write(
      0,
      event('a', '0-0'),
      event('b', '0-1'),
      event('a', '0-2'),
      event('a', '0-3'),
      event('b', '0-4'),
    );
    topics.write(1, event('c', '1-0'), event('c', '1-1'), event('c', '1-2'));
    await intake.start();
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:5', '1:3']));
    for (const partition of ['0', '1']) {
      const own = names(state).filter((name) => name.startsWith(partition));
      expect(own).toEqual([...own].sort());
    }
    expect(state.records).toHaveLength(8);
    topics.write(1, event('c', '1-3'));
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:5', '1:4']));
  });

  test('are all accounted for: as events, letters and tombstones', async () => {
    const { intake, topics, state, counted } = rig({ format: 'batch' });
    const batch = JSON.stringify({
      batch: [{ type: 'track', event: 'x', userId: 'u' }, { type: 'track' }, 1],
    });
    topics.write(
      0,
      { value: batch },
      { value: null },
      { value: 'garbage' },
      { value: batch },
      { value: null },
    );
    await intake.start();
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:5']));
    expect(state.records).toHaveLength(2);
    const letters = await state.letters.list({ limit: 10 });
    expect(letters.map(({ id }) => id).sort()).toEqual([
      'intake/orders/0/0/1',
      'intake/orders/0/0/2',
      'intake/orders/0/2',
      'intake/orders/0/3/1',
      'intake/orders/0/3/2',
    ]);
    const counts = await Promise.all(['accepted', 'rejected', 'tombstone'].map(counted));
    expect(counts).toEqual([2, 5, 2]);
  });

  test('that are read again are the same events, and the same letters', async () => {
    const first = rig();
    const { topics, state } = first;
    topics.write(0, event('a', '0'), { value: 'garbage' }, event('a', '2'));
    await first.intake.start();
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:3']));
    await first.intake.abort();
    // As if the process had been killed between the append and the commit.
    (topics.committed as Map<number, unknown>).clear();
    const second = rig({ topics, state });
    await second.intake.start();
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:3']));
    expect(names(state)).toEqual(['0', '2']);
    expect(await state.letters.list({ limit: 10 })).toHaveLength(1);
    expect([await second.counted('accepted'), await second.counted('duplicate')]).toEqual([0, 2]);
  });
});

describe('a log that takes nothing', () => {
  test('is waited for, is told of, and then has everything in order', async () => {
    const made = rig();
    const { intake, topics, state, lines } = made;
    let failures = 0;
    made.gate = () => {
      failures += 1;
      if (failures <= 5) throw new LogError('log_unavailable', 'no broker');
    };
    topics.write(0, ...Array.from({ length: 6 }, (_, index) => event('a', `${index}`)));
    await intake.start();
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:6']));
    expect(names(state)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(lines[0]).toMatchObject({
      code: 'log_unavailable',
      source: 'crm',
    });
  });

  test('stops reading once so many bytes wait, and commits nothing', async () => {
    const one = event('a', '0').value as string;
    const made = rig({ limits: { ...LIMITS, maxWaitingBytes: one.length * 5 } });
    const { topics, intake } = made;
    const open = Promise.withResolvers<void>();
    made.gate = () => open.promise;
    topics.write(0, ...Array.from({ length: 50 }, () => event('a', '0')));
    await intake.start();
    await vi.waitFor(() => expect(topics.read.length).toBeGreaterThan(5));
    await wait(20);
    // Two to a chunk, and one chunk beyond the bound.
    expect(topics.read).toHaveLength(6);
    expect(topics.committed.size).toBe(0);
    open.resolve();
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:50']));
  });

  test('of one partition does not hold up another', async () => {
    const made = rig();
    const { topics, intake, state } = made;
    const open = Promise.withResolvers<void>();
    let appends = 0;
    made.gate = () => {
      appends += 1;
      return appends === 1 ? open.promise : undefined;
    };
    topics.write(0, event('a', 'held'));
    topics.write(1, event('b', 'free'));
    await intake.start();
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['1:1']));
    expect(names(state)).toEqual(['free']);
    open.resolve();
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:1', '1:1']));
  });

  test('because one event is too large for it gets the others, and a letter for that one', async () => {
    const made = rig({ topics: createFakeTopics(subscription(), 4) });
    const { topics, intake, state, log } = made;
    const append = log.append.bind(log);
    log.append = async (topic, records, letters = []) => {
      if (records.some(({ value }) => Buffer.from(value).includes('huge'))) {
        throw new LogError('log_oversized', 'too large');
      }
      return append(topic, records, letters);
    };
    topics.write(0, event('a', '0'), event('a', 'huge'), { value: 'garbage' }, event('a', '2'));
    await intake.start();
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:4']));
    expect(names(state)).toEqual(['0', '2']);
    const letters = await state.letters.list({ limit: 10 });
    expect(letters.map(({ position, outcome: { code } }) => [position, code]).sort()).toEqual([
      ['orders/0/1', 'event_too_large'],
      ['orders/0/2', 'invalid_json'],
    ]);
    expect([await made.counted('accepted'), await made.counted('rejected')]).toEqual([2, 2]);
  });
});

describe('when partitions go', () => {
  test('a revocation lets what is under way get into the log and be committed, and begins nothing new', async () => {
    const made = rig();
    const { topics, intake, state } = made;
    const open = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    made.gate = () => {
      entered.resolve();
      return open.promise;
    };
    topics.write(0, ...Array.from({ length: 6 }, (_, index) => event('a', `${index}`)));
    await intake.start();
    await entered.promise;
    const revoked = made.member?.revoke(new AbortController().signal);
    open.resolve();
    await revoked;
    expect(names(state)).toEqual(['0', '1']);
    expect(watermarks(topics)).toEqual(['0:2']);
    made.member?.assign(1);
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:6']));
    expect(names(state)).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  test('nothing is committed after the deadline of a revocation, whatever gets into the log later', async () => {
    const made = rig();
    const { topics, intake, state } = made;
    const open = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    made.gate = () => {
      entered.resolve();
      return open.promise;
    };
    topics.write(0, event('a', '0'));
    await intake.start();
    await entered.promise;
    const deadline = new AbortController();
    const revoked = made.member?.revoke(deadline.signal);
    deadline.abort();
    await revoked;
    open.resolve();
    await vi.waitFor(() => expect(names(state)).toEqual(['0']));
    await wait(5);
    expect(topics.committed.size).toBe(0);
    made.gate = () => undefined;
    made.member?.assign(1);
    await vi.waitFor(() => expect(watermarks(topics)).toEqual(['0:1']));
    expect(names(state)).toEqual(['0']);
  });

  test('a lost partition is committed no more', async () => {
    const made = rig();
    const { topics, intake, state } = made;
    const open = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    made.gate = () => {
      entered.resolve();
      return open.promise;
    };
    topics.write(0, event('a', '0'));
    await intake.start();
    await entered.promise;
    topics.lose();
    open.resolve();
    await vi.waitFor(() => expect(names(state)).toEqual(['0']));
    expect(topics.committed.size).toBe(0);
  });
});

describe('the end', () => {
  test('a drain commits what is under way and leaves the group', async () => {
    const { topics, intake, state } = rig();
    topics.write(0, event('a', '0'));
    await intake.start();
    await vi.waitFor(() => expect(names(state)).toEqual(['0']));
    await intake.drain(new AbortController().signal);
    expect([watermarks(topics), topics.left]).toEqual([['0:1'], 1]);
    topics.write(0, event('a', '1'));
    await wait(5);
    expect(topics.read).toEqual(['0/0']);
  });

  test('a drain ends at its deadline, though the log takes nothing', async () => {
    const made = rig();
    made.gate = () => {
      throw new LogError('log_unavailable', 'no broker');
    };
    made.topics.write(0, event('a', '0'));
    await made.intake.start();
    await vi.waitFor(() => expect(made.lines.length).toBeGreaterThan(0));
    await made.intake.drain(AbortSignal.timeout(20));
    expect([made.topics.committed.size, made.topics.left]).toEqual([0, 1]);
  });

  test('a bug ends reading, commits nothing over it, and is fatal', async () => {
    const made = rig();
    made.gate = () => {
      throw new TypeError('a bug');
    };
    made.topics.write(0, event('a', '0'), event('a', '1'), event('a', '2'));
    await made.intake.start();
    await vi.waitFor(() => expect(made.fatal.map(({ message }) => message)).toEqual(['a bug']));
    expect(made.topics.committed.size).toBe(0);
  });

  test('a group that cannot be joined fails the start, and can be drained', async () => {
    const world = createFakeTopics();
    const refusing: FakeTopics = {
      ...world,
      open() {
        throw new LogError('log_unusable', 'no such topic');
      },
    };
    const { intake } = rig({ topics: refusing });
    await expect(intake.start()).rejects.toThrow('no such topic');
    await intake.drain(new AbortController().signal);
  });
});
