/** One record of a user's own topic: the events that go into the log, and a dead letter for each that cannot. */
import { accept, type Rejection } from '../ingest/accept.ts';
import type { Incoming } from '../ingest/parse.ts';
import type { AppendRecord } from '../log/log.ts';
import type { DeadLetter } from '../model/dead-letter.ts';
import type { Rejected } from '../model/outcome.ts';
import type { LogRecord } from '../model/record.ts';
import type { SubscriptionFormat } from '../model/subscription.ts';
import type { IntakeLimits } from './limits.ts';
import { parseRecord } from './parse-record.ts';

/** Each record gives at least one event, letter or tombstone: none disappears. */
export interface Taken {
  /** `topic/partition/offset` */
  readonly position: string;
  readonly records: readonly AppendRecord[];
  /** One for each rejection, in the same order. */
  readonly letters: readonly DeadLetter[];
  readonly rejections: readonly Pick<Rejection, 'outcome'>[];
  readonly tombstones: number;
}

export type Take = (record: LogRecord, format: SubscriptionFormat) => Taken;

const NOTHING = { records: [], letters: [], rejections: [], tombstones: 0 };

/**
 * The record as the subscription's codec makes it of a message: its headers say the source, when it was written and the
 * messageId of an event that has none. The same record always gives the same events and letters, under the same ids.
 */
export function createTake(limits: IntakeLimits, now: () => number): Take {
  return (record, format) => {
    const position = positionOf(record);
    if (record.defect === 'tombstone') return { ...NOTHING, position, tombstones: 1 };
    const parsed = parseRecord(record.value, format, limits);
    if ('status' in parsed) return turnedAway(record, parsed, limits, now());
    const accepted = acceptAll(record, parsed, format, { limits, at: now() });
    const letters = accepted.letters.map((letter) => clipped(letter, limits));
    return { ...accepted, position, letters, tombstones: 0 };
  };
}

function positionOf({ topic, partition, offset }: LogRecord): string {
  return `${topic}/${partition}/${offset}`;
}

function acceptAll(
  record: LogRecord,
  incoming: Incoming,
  format: SubscriptionFormat,
  { limits, at }: { limits: IntakeLimits; at: number },
) {
  const { source, receivedAt, sentAt, messageId, traceparent } = record.headers;
  const position = positionOf(record);
  const reception = {
    source,
    at,
    origin: { position, writtenAt: Date.parse(receivedAt) },
    ...(traceparent !== undefined && { traceparent }),
  };
  const sent = incoming.sentAt === undefined && sentAt !== undefined ? { ...incoming, sentAt } : incoming;
  const isAlone = format === 'event';
  return accept(sent, reception, limits, (index) =>
    isAlone ? (messageId ?? position) : `${position}/${index}`,
  );
}

function turnedAway(record: LogRecord, outcome: Rejected, limits: IntakeLimits, at: number): Taken {
  const { value, headers, timestamp } = record;
  const position = positionOf(record);
  const letter = {
    id: `intake/${position}`,
    destination: null,
    at,
    position,
    record: { key: '', value, headers, timestamp },
    outcome,
    undelivered: null,
  };
  return { ...NOTHING, position, letters: [clipped(letter, limits)], rejections: [{ outcome }] };
}

/** A letter must fit where an event fits; the rest of the value stands where it was read. */
function clipped(letter: DeadLetter, { maxEventBytes }: IntakeLimits): DeadLetter {
  const { record, outcome, position } = letter;
  if (record.value.length <= maxEventBytes) return letter;
  const message = `${outcome.message} (the letter keeps its first ${maxEventBytes} bytes; all of it stands at ${position})`;
  const value = record.value.subarray(0, maxEventBytes);
  return { ...letter, record: { ...record, value }, outcome: { ...outcome, message } };
}
