/** The log's own topics at start: made when that is allowed, described, and checked before anything is acknowledged. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { LogError } from '../log-error.ts';
import type { KafkaClient } from './client.ts';
import { topicSettings } from './codec-check.ts';
import { logErrorOf, protocolErrorOf } from './failure.ts';
import type { RawCluster } from './internals.ts';
import type { KafkaLogOptions } from './options.ts';
import { CHECKED_SETTINGS, checkUsable, type FoundTopic, warningsAbout } from './topic-checks.ts';
import { settingsText, type WantedTopic, wantedTopics } from './topic-settings.ts';

export interface TopicShape {
  readonly topic: string;
  readonly partitions: number;
  /** The largest batch of records that the brokers take, compressed, bytes. */
  readonly maxMessageBytes: number;
}

export interface TopicShapes {
  readonly events: TopicShape;
  readonly deadLetters: TopicShape;
  readonly requests: TopicShape;
}

/** Kafka's default of `message.max.bytes`. */
const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;

/** Brokers that have just started know one another, and their topics' leaders, within seconds. */
const SETTLED_WITHIN_MS = 20_000;
/** Of brokers that start together the first answers some seconds before the others are known. */
const BROKERS_WITHIN_MS = 10_000;
const AGAIN_AFTER_MS = 250;

interface Reach {
  readonly admin: Admin;
  readonly cluster: RawCluster;
}

/**
 * Resolves with what the topics are; tells `onWarning` in plain words when an acknowledged event could be lost. Rejects
 * with a `LogError`: `log_unavailable` when no broker answers, `log_unusable` with what to do for everything that somebody
 * must change first.
 */
export async function prepareTopics(client: KafkaClient, options: KafkaLogOptions): Promise<TopicShapes> {
  const reach: Reach = { admin: client.kafka.admin(), cluster: client.newCluster() };
  try {
    await connect(reach, client.brokers);
    const wanted = await createMissing(reach, client.brokers.length, options);
    const found = await Promise.all(
      wanted.map((each) => settled(`describing topic ${each.topic}`, () => describe(reach, each.topic))),
    );
    for (const [i, each] of wanted.entries()) check(found[i], each, options);
    const [events, deadLetters, requests] = found.map(shapeOf);
    if (!events || !deadLetters || !requests) throw new Error('a topic was not described');
    checkPartitions(events, requests, options);
    return { events, deadLetters, requests };
  } finally {
    await Promise.allSettled([reach.admin.disconnect(), reach.cluster.disconnect()]);
  }
}

async function connect({ admin, cluster }: Reach, brokers: readonly string[]): Promise<void> {
  try {
    await Promise.all([admin.connect(), cluster.connect()]);
  } catch (error) {
    throw logErrorOf(error, `connecting to Kafka at ${brokers.join(', ')}`);
  }
}

/** Tries again what may be over when the brokers have found one another, and their coordinators have loaded. */
async function settled<T>(doing: string, attempt: () => Promise<T>): Promise<T> {
  const began = performance.now();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const failure = logErrorOf(error, doing);
      const isPassing = failure.code === 'log_unavailable' && performance.now() - began < SETTLED_WITHIN_MS;
      if (!isPassing) throw failure;
    }
    await delay(AGAIN_AFTER_MS);
  }
}

/** Resolves with what the topics were to be; those that were there already may be otherwise. */
async function createMissing(
  reach: Reach,
  named: number,
  options: KafkaLogOptions,
): Promise<readonly WantedTopic[]> {
  const wanted = wantedTopics(options, await brokersUp(reach));
  const missing = new Set<string>();
  for (const { topic } of wanted) {
    const isThere = await settled(`looking for topic ${topic}`, () => exists(reach.cluster, topic));
    if (!isThere) missing.add(topic);
  }
  if (missing.size === 0) return wanted;
  const isMissing = ({ topic }: WantedTopic) => missing.has(topic);
  if (!options.createTopics) throw mustBeCreated(wanted.filter(isMissing));
  const brokers = await brokersUp(reach, Math.max(named, options.replicationFactor ?? 1));
  const decided = wantedTopics(options, brokers);
  await createTopics(reach, decided.filter(isMissing), { brokers, decided, options });
  return decided;
}

/** @param atLeast waited for, though not for ever: topics that are made before would have too few replicas for good */
async function brokersUp({ admin }: Reach, atLeast = 1): Promise<number> {
  const began = performance.now();
  for (;;) {
    const { brokers } = await settled('asking for the brokers', () => admin.describeCluster());
    const isLate = performance.now() - began > BROKERS_WITHIN_MS;
    if (brokers.length >= atLeast || isLate) return brokers.length;
    await delay(AGAIN_AFTER_MS);
  }
}

interface Creation {
  readonly brokers: number;
  readonly decided: readonly WantedTopic[];
  readonly options: KafkaLogOptions;
}

async function createTopics(
  reach: Reach,
  missing: readonly WantedTopic[],
  { brokers, decided, options }: Creation,
): Promise<void> {
  for (const each of missing) checkCreatable(each, brokers);
  const partitions = partitionsOfEvents(reach.cluster, decided, missing) ?? options.partitions;
  for (const each of missing) {
    const like = each.use === 'requests' ? { ...each, partitions } : each;
    await settled(`creating topic ${each.topic}`, () => create(reach, like));
  }
}

function mustBeCreated(missing: readonly WantedTopic[]): LogError {
  const commands = missing.map((each) => `kafka-topics --create ${settingsText(each)}`);
  return new LogError(
    'log_unusable',
    `${missing.length === 1 ? 'a topic is' : `${missing.length} topics are`} missing and log.createTopics is off; create with: ${commands.join(' ; ')}`,
  );
}

/** Asked to, kafkajs would try for ten seconds before it says so. */
function checkCreatable({ topic, replicationFactor }: WantedTopic, brokers: number): void {
  if (replicationFactor <= brokers) return;
  throw new LogError(
    'log_unusable',
    `creating topic ${topic}: fewer brokers than replicas: lower replicationFactor, or add brokers (log.replicationFactor is ${replicationFactor}, brokers that are up: ${brokers})`,
  );
}

async function exists(cluster: RawCluster, topic: string): Promise<boolean> {
  try {
    await cluster.addMultipleTargetTopics([topic]);
    return true;
  } catch (error) {
    if (protocolErrorOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return false;
    throw error;
  }
}

/** A note stands in the partition of the same number as its records. */
function partitionsOfEvents(
  cluster: RawCluster,
  wanted: readonly WantedTopic[],
  missing: readonly WantedTopic[],
): number | undefined {
  const events = wanted.find(({ use }) => use === 'events');
  if (!events || missing.includes(events)) return undefined;
  return cluster.findTopicPartitionMetadata(events.topic).length;
}

/** That another process was first is as good. */
async function create({ admin }: Reach, wanted: WantedTopic): Promise<void> {
  const { topic, partitions, replicationFactor, config } = wanted;
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }],
    waitForLeaders: true,
  });
}

async function describe({ admin, cluster }: Reach, topic: string): Promise<FoundTopic> {
  await cluster.addMultipleTargetTopics([topic]);
  const partitions = cluster.findTopicPartitionMetadata(topic);
  if (partitions.length === 0) throw new LogError('log_unavailable', `topic ${topic} has no partitions yet`);
  return {
    topic,
    partitions: partitions.length,
    replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    config: await topicSettings(admin, topic, CHECKED_SETTINGS),
  };
}

function check(found: FoundTopic | undefined, wanted: WantedTopic, options: KafkaLogOptions): void {
  if (!found) return;
  checkUsable(found, wanted);
  for (const warning of warningsAbout(found, wanted)) options.onWarning(warning);
}

function checkPartitions(events: TopicShape, requests: TopicShape, options: KafkaLogOptions): void {
  if (requests.partitions < events.partitions) {
    throw new LogError(
      'log_unusable',
      `topic ${requests.topic} has ${requests.partitions} partitions and ${events.topic} has ${events.partitions}: give it as many (kafka-topics --alter --topic ${requests.topic} --partitions ${events.partitions})`,
    );
  }
  if (events.partitions < options.partitions) {
    options.onWarning(
      `topic ${events.topic} has ${events.partitions} partitions, fewer than the ${options.partitions} that are configured: at most ${events.partitions} workers get work`,
    );
  }
}

function shapeOf({ topic, partitions, config }: FoundTopic): TopicShape {
  const maxMessageBytes = Number(config?.get('max.message.bytes') ?? DEFAULT_MAX_MESSAGE_BYTES);
  return { topic, partitions, maxMessageBytes };
}
