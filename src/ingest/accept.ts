/** Parts the events of a request into records to append and dead letters; one bad event never takes others along. */
import type { AppendRecord } from '../log/log.ts';
import type { DeadLetter } from '../model/dead-letter.ts';
import { halvesOf } from '../model/halves.ts';
import { isObject } from '../model/json.ts';
import { checkEvent, messageIdOf } from '../model/normalise.ts';
import { type Rejected, rejected } from '../model/outcome.ts';
import { personKey } from '../model/person.ts';
import type { NewRecord, RecordHeaders } from '../model/record.ts';
import { contentHash } from './content.ts';
import type { IngestLimits } from './limits.ts';
import type { Incoming, IncomingEvent } from './parse.ts';

/** What is known of the request that the events came in. */
export interface Reception {
  /** Id of the source. */
  readonly source: string;
  /** ms since the epoch. */
  readonly at: number;
  /** The type that a single-call route gives. */
  readonly type?: string;
  readonly traceparent?: string;
}

export interface Rejection {
  /** The event's place in the batch. */
  readonly index: number;
  readonly outcome: Rejected;
}

export interface Accepted {
  readonly records: readonly AppendRecord[];
  /** One for each rejection, in the same order. */
  readonly letters: readonly DeadLetter[];
  readonly rejections: readonly Rejection[];
}

/** W3C Trace Context, version 00 and those that only append to it. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;
const MAX_TRACEPARENT_LENGTH = 128;

/**
 * Keeps the sender's own text of each event; what ingest adds travels in the headers, which the events of a
 * request share as one object. `newId` gives a messageId to an event that has none, and an id to each letter.
 */
export function accept(
  incoming: Incoming,
  reception: Reception,
  limits: IngestLimits,
  newId: () => string,
): Accepted {
  const headers = headersOf(incoming, reception);
  const records: AppendRecord[] = [];
  const letters: DeadLetter[] = [];
  const rejections: Rejection[] = [];
  for (const [index, event] of incoming.events.entries()) {
    const outcome = check(event, reception.type, limits);
    if (outcome === undefined) {
      const record = guarded(recordOf(event, reception, headers), event, newId);
      records.push(withHalves(record, event, reception.type));
    } else {
      rejections.push({ index, outcome });
      letters.push(letterOf(recordOf(event, reception, headers), outcome, newId()));
    }
  }
  return { records, letters, rejections };
}

/** Size and depth first: what comes after walks the event. */
function check(event: IncomingEvent, type: string | undefined, limits: IngestLimits): Rejected | undefined {
  if (event.bytes.length > limits.maxEventBytes) {
    return rejected('oversized', 'event_too_large', `the event is larger than ${limits.maxEventBytes} bytes`);
  }
  if (event.depth > limits.maxEventDepth) {
    return rejected('invalid', 'too_deep', `the event nests deeper than ${limits.maxEventDepth} levels`);
  }
  return checkEvent(event.raw, type);
}

function headersOf(
  { sentAt, envelope }: Incoming,
  { source, at, type, traceparent }: Reception,
): RecordHeaders {
  return {
    source,
    receivedAt: new Date(at).toISOString(),
    ...(sentAt !== undefined && { sentAt }),
    ...(type !== undefined && { type }),
    ...(envelope !== undefined && { envelope }),
    ...(isTraceparent(traceparent) && { traceparent }),
  };
}

function isTraceparent(value: string | undefined): value is string {
  return value !== undefined && value.length <= MAX_TRACEPARENT_LENGTH && TRACEPARENT.test(value);
}

function recordOf({ raw, bytes }: IncomingEvent, { at, type }: Reception, headers: RecordHeaders): NewRecord {
  const key = isObject(raw) ? personKey(raw, type) : undefined;
  return { key: key ?? '', value: bytes, headers, timestamp: at };
}

/** A made-up id is not guarded: no repeat can ever have it. */
function guarded(record: NewRecord, { raw, bytes }: IncomingEvent, newId: () => string): AppendRecord {
  const messageId = isObject(raw) ? messageIdOf(raw.messageId) : undefined;
  if (messageId === undefined) return { ...record, headers: { ...record.headers, messageId: newId() } };
  return { ...record, guardId: `${record.headers.source}\0${messageId}`, guardContent: contentHash(bytes) };
}

/** Only an event that links two identities has them. */
function withHalves(record: AppendRecord, { raw }: IncomingEvent, type: string | undefined): AppendRecord {
  const halves = isObject(raw) ? halvesOf(raw, type) : undefined;
  return halves ? { ...record, halves } : record;
}

function letterOf(record: NewRecord, outcome: Rejected, id: string): DeadLetter {
  return {
    id: `ingest/${id}`,
    destination: null,
    at: record.timestamp,
    position: null,
    record,
    outcome,
    undelivered: null,
  };
}
