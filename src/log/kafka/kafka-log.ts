/**
 * The log on Kafka: the events' topic with its partitions, a consumer group for each destination, and two topics more for
 * dead letters and for notes of requests. Here its parts become the log's interface; each has files of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENTS_TOPIC } from '../../model/record.ts';
import { type EventLog, LogError } from '../log.ts';
import { createKafkaGroups, type KafkaGroups } from './groups.ts';
import type { KafkaLogOptions } from './options.ts';
import { maxValueBytesOf } from './outbox-size.ts';
import { type KafkaParts, openParts } from './parts.ts';
import type { GroupSession } from './session.ts';
import type { PartitionPlace } from './signs.ts';

export interface KafkaLog extends EventLog {
  /** Joins a group that is no destination's, to read topics of others. */
  readonly openSession: KafkaGroups['openSession'];
}

/** Connects, checks the topics or creates them. Rejects with `LogError`, whose message says what to do. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<KafkaLog> {
  const sessions = new Map<string, GroupSession>();
  return createKafkaLog(options, await openParts(options, sessions), sessions);
}

/** What was acknowledged is durable: a stop does not wait longer for brokers that are away. */
const HANG_UP_MS = 3_000;

function createKafkaLog(
  options: KafkaLogOptions,
  parts: KafkaParts,
  sessions: Map<string, GroupSession>,
): KafkaLog {
  const { letters, requests, standings, look, topics } = parts;
  let closing: Promise<void> | undefined;

  /** Whoever asks knows the log's topic by one name, whatever the brokers call it. */
  const named = (topic: string) => (topic === EVENTS_TOPIC ? topics.events.topic : topic);

  const isAssigned = (group: string, { topic, partition }: PartitionPlace) =>
    sessions
      .get(group)
      ?.assigned()
      .some((each) => each.topic === topic && each.partition === partition) ?? false;

  function checkOpen(): void {
    if (closing) throw new LogError('log_closing', 'the log is closing');
  }

  async function hangUp(): Promise<void> {
    await Promise.all([...sessions.values()].map((session) => session.leave()));
    await parts.close();
  }

  async function close(): Promise<void> {
    await Promise.race([hangUp(), sleep(HANG_UP_MS, undefined, { ref: false })]);
  }

  return {
    ...letters,
    ...requests,
    fetch: look.fetch,
    gone: look.gone,
    ...createKafkaGroups({ options, parts, sessions, checkOpen }),
    maxValueBytes: maxValueBytesOf(topics.events),
    async append(topic, records, dead) {
      checkOpen();
      return parts.append(topic, records, dead);
    },
    scan: (topic, range, signal) => look.scan(named(topic), range, signal),
    find: (topic, messageId, signal) => look.find(named(topic), messageId, signal),
    async groups() {
      return (await standings.groups()).map((standing) => ({
        ...standing,
        partitions: standing.partitions?.filter((each) => isAssigned(standing.group, each)) ?? [],
      }));
    },
    stats: () => ({ bytes: 0, maxBytes: Number.POSITIVE_INFINITY, ...letters.stats() }),
    // Brokers that are away are told to each sender; taking the process out of service would help nobody.
    async ping() {
      checkOpen();
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}
