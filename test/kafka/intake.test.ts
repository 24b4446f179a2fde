/** Users' own topics on a real broker, written by a bare kafkajs producer, into a log in memory that guards as the others do. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Message, Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createInspect } from '../../src/intake/inspect.ts';
import { type Intake, openIntake } from '../../src/intake/intake.ts';
import { INTAKE_LIMITS } from '../../src/intake/limits.ts';
import type { IntakeSession } from '../../src/intake/session.ts';
import { createKafkaClient, type KafkaClient } from '../../src/log/kafka/client.ts';
import type { StoredRecord } from '../../src/log/kafka/record-codec.ts';
import { startSession } from '../../src/log/kafka/session.ts';
import { NO_SIGNS } from '../../src/log/kafka/signs.ts';
import { createSubscriptionCodec } from '../../src/log/kafka/subscription-codec.ts';
import type { EventLog, Member } from '../../src/log/log.ts';
import { createMemoryLog } from '../../src/log/memory-log.ts';
import { createMemoryState, type MemoryState } from '../../src/log/memory-state.ts';
import { createTopicOwners, isReadDirectly, type Subscription } from '../../src/model/subscription.ts';
import { systemClock } from '../../src/model/time.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { plainConnection } from '../support/kafka/options.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

let scratch: KafkaScratch;
let producer: Producer;
let client: KafkaClient;

beforeAll(async () => {
  scratch = await openScratch();
  producer = scratch.kafka.producer();
  await producer.connect();
  client = createKafkaClient(plainConnection(scratch.brokers), () => undefined);
});

afterAll(async () => {
  await producer.disconnect();
  await scratch.close();
});

function subscription(topic: string | RegExp, rest: Partial<Subscription> = {}): Subscription {
  return { topic, source: 'crm', format: 'event', key: null, start: 'earliest', ...rest };
}

interface Life {
  readonly subscriptions: readonly Subscription[];
  readonly groupId: string;
  readonly state: MemoryState;
  /** ms added to the session's clock. */
  readonly skew?: () => number;
  /** Between intake and broker. */
  readonly wrap?: (session: IntakeSession) => IntakeSession;
}

/** An intake as the server opens it, but for the log behind it. */
async function begin({ subscriptions, groupId, state, skew = () => 0, wrap = (each) => each }: Life) {
  const owners = createTopicOwners(subscriptions, []);
  const metrics = createMetrics({ version: '0' }, { processMetrics: false });
  const fatal: Error[] = [];
  const decode = createSubscriptionCodec({ owners, inspect: createInspect(LOOSE), now: Date.now });
  const open = (member: Member) =>
    startSession({
      client,
      groupId,
      topics: owners.topics((each) => !isReadDirectly(each)),
      member,
      decode,
      prepare: async () => undefined,
      signs: NO_SIGNS,
      group: 'intake',
      revokeMs: 2_000,
      now: () => Date.now() + skew(),
      onFatal: (error) => fatal.push(error),
      onWarning: () => undefined,
    });
  const log: EventLog = createMemoryLog({ state });
  const intake = openIntake({
    owners,
    openSession: (member) => wrap(open(member)),
    log,
    metrics,
    logger: { warn: () => undefined },
    clock: systemClock,
    random: Math.random,
    onFatal: (error) => fatal.push(error),
  });
  onTestFinished(() => intake.abort());
  await intake.start();
  return { intake, metrics, fatal, counts: () => countsOf(metrics) };
}

const LOOSE = { limits: INTAKE_LIMITS, onKeyMismatch: () => undefined };

async function countsOf(metrics: ReturnType<typeof createMetrics>): Promise<Record<string, number>> {
  const { values } = await metrics.ingestEvents.get();
  const counts: Record<string, number> = {};
  for (const { labels, value } of values) {
    const outcome = String(labels.outcome);
    counts[outcome] = (counts[outcome] ?? 0) + value;
  }
  return counts;
}

const track = (user: string, event: string, rest = {}) =>
  JSON.stringify({ type: 'track', userId: user, event, ...rest });
const eventsOf = ({ records }: MemoryState) =>
  records.map(({ value }) => JSON.parse(Buffer.from(value).toString()).event as string);

async function committed(groupId: string, topic: string): Promise<string[]> {
  const [found] = await scratch.admin.fetchOffsets({ groupId, topics: [topic] });
  const sorted = (found?.partitions ?? []).toSorted((a, b) => a.partition - b.partition);
  return sorted.map(({ offset }) => offset);
}

const within = { timeout: 60_000, interval: 50 };

function send(topic: string, messages: readonly Message[]) {
  return producer.send({ topic, messages: [...messages] });
}

describeKafka("users' own topics", () => {
  test('every record becomes an event, a letter or a tombstone, and the watermark passes them all', async () => {
    const topic = await scratch.topic();
    const groupId = scratch.groupId();
    const state = createMemoryState();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await send(topic, [
      { value: track('u1', 'plain') },
      {
        key: 'u1',
        value: track('u1', 'with headers', { messageId: 'own' }),
        headers: { traceparent, x: ['1', '2'] },
      },
      { key: 'u1', value: null },
      { value: 'garbage' },
      { value: gzipSync('{}') },
      { value: Buffer.from([0x22, 0xc3, 0x28, 0x22]) },
      { value: '' },
      { value: JSON.stringify({ type: 'track' }) },
      { value: track('u2', 'last'), timestamp: '0' },
    ]);
    const { counts } = await begin({ subscriptions: [subscription(topic)], groupId, state });
    await vi.waitFor(async () => expect(await committed(groupId, topic)).toEqual(['9']), within);
    expect(eventsOf(state)).toEqual(['plain', 'with headers', 'last']);
    expect(state.records.map(({ key }) => key)).toEqual(['u1', 'u1', 'u2'].map((id) => `external_id:${id}`));
    expect(state.records[0]?.headers).toMatchObject({ source: 'crm', messageId: `${topic}/0/0` });
    expect(state.records[1]?.headers).toMatchObject({ traceparent });
    expect(state.records[2]?.headers.receivedAt).toBe('1970-01-01T00:00:00.000Z');
    const letters = await state.letters.list({ limit: 100 });
    expect(letters.map(({ position, outcome }) => `${position} ${outcome.code}`).sort()).toEqual([
      `${topic}/0/3 invalid_json`,
      `${topic}/0/4 invalid_encoding`,
      `${topic}/0/5 invalid_encoding`,
      `${topic}/0/6 invalid_json`,
      `${topic}/0/7 missing_identity`,
    ]);
    expect(await counts()).toEqual({ accepted: 3, rejected: 5, tombstone: 1 });
  });

  test('batches and lists become single events under their persons, read again they are the same', async () => {
    const [batches, lists] = [await scratch.topic(), await scratch.topic()];
    const groupId = scratch.groupId();
    const state = createMemoryState();
    const subscriptions = [
      subscription(batches, { format: 'batch' }),
      subscription(lists, { format: 'array', source: 'shop' }),
    ];
    const events = [track('u1', '1'), track('u2', '2'), '7', track('u1', '3')];
    await send(batches, [
      { value: `{"batch":[${events}],"sentAt":"2026-01-01T00:00:00Z","context":{"app":1}}` },
    ]);
    await send(lists, [{ value: `[${events}]` }, { value: '{}' }]);
    const first = await begin({ subscriptions, groupId, state });
    await vi.waitFor(async () => {
      expect(await committed(groupId, batches)).toEqual(['1']);
      expect(await committed(groupId, lists)).toEqual(['2']);
    }, within);
    await first.intake.drain(AbortSignal.timeout(5_000));
    expect(eventsOf(state).toSorted()).toEqual(['1', '1', '2', '2', '3', '3']);
    expect(state.records.map(({ headers }) => headers.source).toSorted()).toEqual([
      ...Array(3).fill('crm'),
      ...Array(3).fill('shop'),
    ]);
    const letters = (await state.letters.list({ limit: 100 })).map(({ id }) => id).toSorted();
    expect(letters).toHaveLength(3);

    // To a group that has committed nothing every record is delivered again.
    const second = await begin({ subscriptions, groupId: scratch.groupId(), state });
    await vi.waitFor(
      async () => expect(await second.counts()).toEqual({ duplicate: 6, rejected: 3 }),
      within,
    );
    expect(state.records).toHaveLength(6);
    expect((await state.letters.list({ limit: 100 })).map(({ id }) => id).toSorted()).toEqual(letters);
  });

  test('a crash between the append and the commit costs nothing and doubles nothing', async () => {
    const topic = await scratch.topic();
    const groupId = scratch.groupId();
    const state = createMemoryState();
    const subscriptions = [subscription(topic)];
    await send(
      topic,
      Array.from({ length: 10 }, (_, index) => ({ value: track('u', `${index}`) })),
    );
    const dying = (session: IntakeSession): IntakeSession => ({
      read: (signal) => session.read(signal),
      commit: () => new Promise(() => undefined),
      leave: () => session.leave(),
    });
    const first = await begin({ subscriptions, groupId, state, wrap: dying });
    await vi.waitFor(() => expect(state.records).toHaveLength(10), within);
    await first.intake.abort();
    expect(await committed(groupId, topic)).toEqual(['-1']);
    const second = await begin({ subscriptions, groupId, state });
    await send(topic, [{ value: track('u', '10') }]);
    await vi.waitFor(async () => expect(await committed(groupId, topic)).toEqual(['11']), within);
    expect(eventsOf(state)).toEqual(Array.from({ length: 11 }, (_, index) => `${index}`));
    expect(await second.counts()).toMatchObject({ accepted: 1, duplicate: 10 });
  });

  test('a topic that is made later is read from its beginning when it matches the pattern', async () => {
    const prefix = randomUUID().slice(0, 8);
    const name = (label: string) => scratch.topicName(`${prefix}.${label}`);
    const create = (topic: string) =>
      scratch.admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    const [early, late, other] = [name('in'), name('in'), name('out')];
    await Promise.all([create(early), create(other)]);
    const state = createMemoryState();
    let skew = 0;
    const { fatal } = await begin({
      subscriptions: [subscription(new RegExp(`^${prefix}\\.in`))],
      groupId: scratch.groupId(),
      state,
      skew: () => skew,
    });
    await send(early, [{ value: track('u', 'early') }]);
    await send(other, [{ value: track('u', 'other') }]);
    await vi.waitFor(() => expect(eventsOf(state)).toEqual(['early']), within);
    await create(late);
    await send(late, [{ value: track('u', 'late') }]);
    skew += 31_000;
    await vi.waitFor(() => expect(eventsOf(state)).toEqual(['early', 'late']), within);
    await send(early, [{ value: track('u', 'early again') }]);
    await vi.waitFor(() => expect(eventsOf(state)).toEqual(['early', 'late', 'early again']), within);
    expect(fatal).toEqual([]);
  });

  test('members that come and go under load lose nothing, double nothing, and keep the order of a partition', async () => {
    const topic = await scratch.topic({ partitions: 3 });
    const groupId = scratch.groupId();
    const state = createMemoryState();
    const subscriptions = [subscription(topic)];
    const count = 60;
    const writing = (async () => {
      for (let index = 0; index < count; index += 1) {
        await send(
          topic,
          [0, 1, 2].map((partition) => ({
            partition,
            value: track(`p${partition}`, `${partition}:${index}`),
          })),
        );
        await wait(50);
      }
    })();
    const stays = await begin({ subscriptions, groupId, state });
    const leaving: Intake[] = [];
    for (let round = 0; round < 2; round += 1) {
      const { intake } = await begin({ subscriptions, groupId, state });
      leaving.push(intake);
      await wait(700);
      await (round === 0 ? intake.drain(AbortSignal.timeout(2_000)) : intake.abort());
    }
    await writing;
    await vi.waitFor(
      async () => expect(await committed(groupId, topic)).toEqual(Array(3).fill(String(count))),
      within,
    );
    for (const partition of [0, 1, 2]) {
      const own = eventsOf(state).filter((event) => event.startsWith(`${partition}:`));
      expect(own).toEqual(Array.from({ length: count }, (_, index) => `${partition}:${index}`));
    }
    expect(stays.fatal).toEqual([]);
  });
});

describeKafka('a topic that destinations read where it is', () => {
  test('gives records of its source, with faults for garbage, and the same again after a restart', async () => {
    const topic = await scratch.topic();
    const only = subscription(topic, { key: 'userId' });
    const owners = createTopicOwners([only], []);
    let mismatches = 0;
    const inspect = createInspect({
      limits: INTAKE_LIMITS,
      onKeyMismatch: () => {
        mismatches += 1;
      },
    });
    const decode = createSubscriptionCodec({ owners, inspect, now: Date.now });
    await send(topic, [
      { key: 'u1', value: track('u1', 'keyed', { messageId: 'm1' }) },
      { key: 'nobody', value: track('u1', 'not keyed') },
      { key: 'u1', value: null },
      { key: 'u1', value: 'garbage' },
    ]);
    const groupId = scratch.groupId();
    const first = await readAll(topic, groupId, decode, 4);
    expect(
      first.map(({ key, headers, guardId, defect, fault }) => [
        key,
        headers.messageId,
        guardId,
        defect ?? fault?.code,
      ]),
    ).toEqual([
      ['external_id:u1', `${topic}/0/0`, 'crm\0m1', undefined],
      ['external_id:u1', `${topic}/0/1`, undefined, undefined],
      ['', `${topic}/0/2`, undefined, 'tombstone'],
      ['', `${topic}/0/3`, undefined, 'invalid_json'],
    ]);
    expect(mismatches).toBe(1);
    expect(await readAll(topic, groupId, decode, 4)).toEqual(first);
  });
});

/** Reads without committing. */
async function readAll(
  topic: string,
  groupId: string,
  decode: ReturnType<typeof createSubscriptionCodec>,
  count: number,
): Promise<StoredRecord[]> {
  const assigned = Promise.withResolvers<void>();
  const session = startSession({
    client,
    groupId,
    topics: [topic],
    member: { assign: () => assigned.resolve(), revoke: async () => undefined },
    decode,
    prepare: async () => undefined,
    signs: NO_SIGNS,
    group: 'direct',
    revokeMs: 2_000,
    now: Date.now,
    onFatal: assigned.reject,
    onWarning: () => undefined,
  });
  onTestFinished(() => session.leave());
  await assigned.promise;
  const records: StoredRecord[] = [];
  const enough = new AbortController();
  for await (const chunk of session.read(enough.signal)) {
    for (let index = 0; index < chunk.count; index += 1) records.push(chunk.record(index));
    if (records.length >= count) enough.abort();
  }
  await session.leave();
  return records;
}
