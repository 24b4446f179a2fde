/** Users' own topics beside the log on Kafka: what a destination's group reads of both ways in. */
import type { Message, Producer } from 'kafkajs';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { createInspect } from '../../src/intake/inspect.ts';
import { openIntake } from '../../src/intake/intake.ts';
import { INTAKE_LIMITS } from '../../src/intake/limits.ts';
import type { IntakeSession } from '../../src/intake/session.ts';
import { type KafkaLog, openKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { createSubscriptionCodec } from '../../src/log/kafka/subscription-codec.ts';
import { EVENTS_TOPIC, type LogRecord } from '../../src/model/record.ts';
import { createTopicOwners, isReadDirectly, type Subscription } from '../../src/model/subscription.ts';
import { systemClock } from '../../src/model/time.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { kafkaOptions } from '../support/kafka/options.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

let scratch: KafkaScratch;
let producer: Producer;

beforeAll(async () => {
  scratch = await openScratch();
  producer = scratch.kafka.producer();
  await producer.connect();
});

afterAll(async () => {
  await producer.disconnect();
  await scratch.close();
});

const within = { timeout: 60_000, interval: 50 };
const send = (topic: string, messages: readonly Message[]) =>
  producer.send({ topic, messages: [...messages] });
const inspect = createInspect({ limits: INTAKE_LIMITS, onKeyMismatch: () => undefined });

/** A log whose groups read the direct ones of the subscriptions too. */
async function open(subscriptions: readonly Subscription[]) {
  const owners = createTopicOwners(subscriptions, []);
  const decode = createSubscriptionCodec({ owners, inspect, now: Date.now });
  const foreign = (isWanted: (each: Subscription) => boolean) => ({
    topics: owners.topics(isWanted),
    startOf: (topic: string) => owners.of(topic)?.start ?? 'earliest',
  });
  const names = {
    topic: scratch.topicName('events'),
    deadLetterTopic: scratch.topicName('dead-letters'),
    requestTopic: scratch.topicName('requests'),
  };
  const log = await openKafkaLog(
    kafkaOptions(scratch.brokers, { ...names, direct: { ...foreign(isReadDirectly), decode } }),
  );
  onTestFinished(() => log.close());
  const startIntake = async (wrap: (session: IntakeSession) => IntakeSession = (each) => each) => {
    const intake = openIntake({
      owners,
      openSession: async (member) =>
        wrap(
          await log.openSession('subscriptions', {
            ...foreign((each) => !isReadDirectly(each)),
            member,
            decode,
          }),
        ),
      log,
      metrics: createMetrics({ version: '0' }, { processMetrics: false }),
      logger: { warn: () => undefined },
      clock: systemClock,
      random: Math.random,
      onFatal: (error) => {
        throw error;
      },
    });
    onTestFinished(() => intake.abort());
    await intake.start();
    return intake;
  };
  return { log, startIntake, read: await readAs(log, 'braze') };
}

/** What a destination has been given so far, in the order in which it came. */
async function readAs(log: KafkaLog, group: string): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  const ended = new AbortController();
  await log.attach([{ group, start: 'beginning' }]);
  const assigned = Promise.withResolvers<void>();
  log.join(group, { assign: () => assigned.resolve(), revoke: async () => undefined });
  onTestFinished(() => ended.abort());
  await assigned.promise;
  void (async () => {
    for await (const chunk of log.read(group, [EVENTS_TOPIC], ended.signal)) {
      for (let index = 0; index < chunk.count; index += 1) records.push(chunk.record(index));
    }
  })();
  return records;
}

const track = (user: string, event: string, rest = {}) =>
  JSON.stringify({ type: 'track', userId: user, event, ...rest });
const nameOf = ({ value }: LogRecord) => JSON.parse(Buffer.from(value).toString()).event as string;

describeKafka('a destination reads', () => {
  test('each event of a topic that is appended again once, in order, whatever a crash had appended already', async () => {
    const topic = await scratch.topic();
    const world = await open([subscription(topic)]);
    const users = ['a', 'b', 'c'];
    const eventsOf = (user: string) => Array.from({ length: 10 }, (_, index) => `${user}${index}`);
    const messages = Array.from({ length: 10 }, (_, index) =>
      users.map((user) => ({ value: track(user, `${user}${index}`) })),
    ).flat();
    await send(topic, [...messages, { value: 'garbage' }]);
    const dying = await world.startIntake((session) => ({
      read: (signal) => session.read(signal),
      commit: () => new Promise(() => undefined),
      leave: () => session.leave(),
    }));
    await vi.waitFor(() => expect(world.read).toHaveLength(30), within);
    await dying.abort();
    await world.startIntake();
    await vi.waitFor(() => expect(world.read).toHaveLength(60), within);
    const events = world.read.filter(({ duplicate }) => !duplicate);
    for (const user of users) {
      const own = events.filter(({ key }) => key === `external_id:${user}`);
      expect(own.map(nameOf)).toEqual(eventsOf(user));
    }
    expect(events).toHaveLength(30);
    const letters = await world.log.letters({ limit: 10 });
    expect(letters.map(({ id, position, outcome }) => [id, position, outcome.code])).toEqual([
      [`intake/${topic}/0/30`, `${topic}/0/30`, 'invalid_json'],
    ]);
  });

  test('the link of an identify behind the anonymous events of the same partition', async () => {
    const topic = await scratch.topic();
    const world = await open([subscription(topic)]);
    const seen = (index: number) =>
      JSON.stringify({ type: 'track', event: `seen ${index}`, anonymousId: 'anon' });
    await send(topic, [
      ...Array.from({ length: 20 }, (_, index) => ({ value: seen(index) })),
      { value: JSON.stringify({ type: 'identify', userId: 'u', anonymousId: 'anon', traits: { x: 1 } }) },
    ]);
    await world.startIntake();
    await vi.waitFor(() => expect(world.read).toHaveLength(22), within);
    const ofAlias = world.read.filter(({ key }) => key === 'alias:rudder_id:anon');
    expect(ofAlias.map(({ headers }) => headers.half)).toEqual([...Array(20).fill(undefined), 'link']);
    expect(ofAlias.map(({ offset }) => offset)).toEqual(
      ofAlias.map(({ offset }) => offset).toSorted((x, y) => x - y),
    );
    expect(new Set(ofAlias.map(({ partition }) => partition)).size).toBe(1);
    expect(world.read.find(({ key }) => key === 'external_id:u')?.headers.half).toBe('rest');
  });

  test('a topic keyed by person where it stands, with the guard, faults and tombstones, and fetches it again', async () => {
    const topic = await scratch.topic();
    const world = await open([subscription(topic, { key: 'userId', source: 'app' })]);
    await send(topic, [
      { key: 'u', value: track('u', 'first', { messageId: 'm' }) },
      { key: 'u', value: track('u', 'first', { messageId: 'm' }) },
      { key: 'u', value: track('u', 'second') },
      { key: 'u', value: null },
      { key: 'u', value: 'garbage' },
    ]);
    await vi.waitFor(() => expect(world.read).toHaveLength(5), within);
    expect(world.read.map(({ duplicate, defect, fault }) => duplicate || defect || fault?.code)).toEqual([
      undefined,
      true,
      undefined,
      'tombstone',
      'invalid_json',
    ]);
    expect(world.read[2]).toMatchObject({
      topic,
      key: 'external_id:u',
      headers: { source: 'app', messageId: `${topic}/0/2` },
    });
    const [again] = await world.log.fetch(topic, 0, [2]);
    expect(again).toMatchObject({ topic, offset: 2, key: 'external_id:u', headers: { source: 'app' } });
  });
});

function subscription(topic: string, rest: Partial<Subscription> = {}): Subscription {
  return { topic, source: 'crm', format: 'event', key: null, start: 'earliest', ...rest };
}
