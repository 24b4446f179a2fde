/** Parts the events of a request into records to append and dead letters; one bad event never takes others along. */
import type { AppendRecord } from '../log/log.ts';
import type { DeadLetter } from '../model/dead-letter.ts';
import { halvesOf } from '../model/halves.ts';
import { isObject } from '../model/json.ts';
import { checkEvent, messageIdOf } from '../model/normalise.ts';
import { type Rejected, rejected } from '../model/outcome.ts';
import { personKey } from '../model/person.ts';
import type { NewRecord, RecordHeaders } from '../model/record.ts';
import { isTraceparent } from '../model/trace-context.ts';
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
  /** Set on what stood in a topic. */
  readonly origin?: RecordOrigin;
}

/** The record that events were read from: read again, it gives the same events and letters under the same ids. */
export interface RecordOrigin {
  /** `topic/partition/offset` */
  readonly position: string;
  /** When it was written there, ms since the epoch: what the sender's clock is corrected by. */
  readonly writtenAt: number;
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

/**
 * Keeps the sender's own text of each event; what ingest adds travels in the headers, which the events of a
 * request share as one object. `newId` gives a messageId to an event that has none, and an id to each letter; `index` is
 * the event's place in the batch.
 */
export function accept(
  incoming: Incoming,
  reception: Reception,
  limits: IngestLimits,
  newId: (index: number) => string,
): Accepted {
  const headers = headersOf(incoming, reception);
  const records: AppendRecord[] = [];
  const letters: DeadLetter[] = [];
  const rejections: Rejection[] = [];
  for (const [index, event] of incoming.events.entries()) {
    const outcome = checkIncoming(event, reception.type, limits);
    if (outcome === undefined) {
      const record = guarded(recordOf(event, reception, headers), event, reception, () => newId(index));
      records.push(withHalves(record, event, reception.type));
    } else {
      rejections.push({ index, outcome });
      const id = reception.origin ? `${reception.origin.position}/${index}` : newId(index);
      letters.push(letterOf(recordOf(event, reception, headers), outcome, id, reception.origin));
    }
  }
  return { records, letters, rejections };
}

/** Why an event can never be delivered, or undefined. Size and depth first: what comes after walks the event. */
export function checkIncoming(
  event: IncomingEvent,
  type: string | undefined,
  limits: IngestLimits,
): Rejected | undefined {
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
  { source, at, type, traceparent, origin }: Reception,
): RecordHeaders {
  return {
    source,
    receivedAt: new Date(origin?.writtenAt ?? at).toISOString(),
    ...(sentAt !== undefined && { sentAt }),
    ...(type !== undefined && { type }),
    ...(envelope !== undefined && { envelope }),
    ...(isTraceparent(traceparent) && { traceparent }),
  };
}

function recordOf({ raw, bytes }: IncomingEvent, { at, type }: Reception, headers: RecordHeaders): NewRecord {
  const key = isObject(raw) ? personKey(raw, type) : undefined;
  return { key: key ?? '', value: bytes, headers, timestamp: at };
}

/** An id made for a request is not guarded: no repeat can ever have it. What is read from a topic again gets the same. */
function guarded(
  record: NewRecord,
  { raw, bytes }: IncomingEvent,
  { source, origin }: Reception,
  newId: () => string,
): AppendRecord {
  const own = isObject(raw) ? messageIdOf(raw.messageId) : undefined;
  const messageId = own ?? newId();
  const named = own === undefined ? { ...record, headers: { ...record.headers, messageId } } : record;
  if (own === undefined && origin === undefined) return named;
  return { ...named, guardId: `${source}\0${messageId}`, guardContent: contentHash(bytes) };
}

/** Only an event that links two identities has them. */
function withHalves(record: AppendRecord, { raw }: IncomingEvent, type: string | undefined): AppendRecord {
  const halves = isObject(raw) ? halvesOf(raw, type) : undefined;
  return halves ? { ...record, halves } : record;
}

/** Letters of events that were read from a topic say where, and have the same id each time. */
function letterOf(record: NewRecord, outcome: Rejected, id: string, origin?: RecordOrigin): DeadLetter {
  return {
    id: `${origin ? 'intake' : 'ingest'}/${id}`,
    destination: null,
    at: record.timestamp,
    position: origin?.position ?? null,
    record,
    outcome,
    undelivered: null,
  };
}
