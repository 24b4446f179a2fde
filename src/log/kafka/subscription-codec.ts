/**
 * A message of a topic that others write, as a record: from the subscription's source, received when it was written, under
 * a messageId that its place gives where it has none of its own. Reading never throws. Nothing in the message's headers
 * but what is named here is believed: anybody may write them.
 */
import type { Rejected } from '../../model/outcome.ts';
import type { RecordHeaders } from '../../model/record.ts';
import { isReadDirectly, type Subscription, type TopicOwners } from '../../model/subscription.ts';
import { isTraceparent } from '../../model/trace-context.ts';
import type { Place, RawMessage, StoredRecord } from './record-codec.ts';

/** What the value says of the event that it is. */
export interface InspectedEvent {
  /** The person key; '' when it names nobody. */
  readonly key: string;
  /** The event's own messageId. */
  readonly messageId?: string;
  /** 32 bits of what it says. */
  readonly content: number;
  /** Why it can never be delivered. */
  readonly fault?: Rejected;
  /** The value as far as it is kept. */
  readonly value: Uint8Array;
}

export interface SubscriptionCodecOptions {
  readonly owners: Pick<TopicOwners, 'of'>;
  /** Never throws. Asked for records that the destinations read where they are. */
  readonly inspect: (value: Buffer, key: string | null, subscription: Subscription) => InspectedEvent;
  /** ms since the epoch. */
  readonly now: () => number;
}

export type DecodeForeign = (message: RawMessage, place: Place) => StoredRecord;

const EMPTY = Buffer.alloc(0);
/** Longer than any date, any trace context and any sensible id. */
const MAX_HEADER_LENGTH = 256;

/**
 * A tombstone has a `defect`. Of a record that is appended again the value is taken as it is, and has no key: whoever
 * appends it looks into it. A topic of no subscription gives records of no source, which no destination wants.
 */
export function createSubscriptionCodec({ owners, inspect, now }: SubscriptionCodecOptions): DecodeForeign {
  return (message, { topic, partition }) => {
    const subscription = owners.of(topic);
    const { offset, value } = message;
    const timestamp = timeOf(message.timestamp, now());
    const place = { topic, partition, offset, timestamp, corrupt: false };
    const headers = headersOf(message, { source: subscription?.source ?? '', timestamp });
    const id = headers.messageId;
    const named = { ...headers, messageId: id ?? `${topic}/${partition}/${offset}` };
    const record = { ...place, key: '', value: value ?? EMPTY, headers: named };
    if (value === null) return { ...record, defect: 'tombstone' };
    if (!subscription || !isReadDirectly(subscription)) return record;
    const event = inspect(value, message.key?.toString() ?? null, subscription);
    return { ...record, ...eventMembers(event, id, subscription.source) };
  };
}

/** Only an id that the producer gave is guarded: one of the place stands at no other place. */
function eventMembers(event: InspectedEvent, headerId: string | undefined, source: string) {
  const { key, value, content, fault } = event;
  const messageId = event.messageId ?? headerId;
  return {
    key,
    value,
    ...(messageId !== undefined && { guardId: `${source}\0${messageId}`, guardContent: content }),
    ...(fault && { fault }),
  };
}

function headersOf(
  message: RawMessage,
  { source, timestamp }: { source: string; timestamp: number },
): RecordHeaders {
  const sentAt = textOf(message, 'sentAt');
  const messageId = textOf(message, 'messageId');
  const traceparent = textOf(message, 'traceparent');
  return {
    source,
    receivedAt: new Date(timestamp).toISOString(),
    ...(sentAt !== undefined && { sentAt }),
    ...(messageId !== undefined && { messageId }),
    ...(isTraceparent(traceparent) && { traceparent }),
  };
}

/** kafkajs gives a list where a name came twice. */
function textOf({ headers }: RawMessage, name: string): string | undefined {
  const value: unknown = headers[name];
  const one: unknown = Array.isArray(value) ? value.at(-1) : value;
  if (!Buffer.isBuffer(one) || one.length > MAX_HEADER_LENGTH) return undefined;
  const text = one.toString().trim().toWellFormed();
  return text === '' ? undefined : text;
}

/** Producers may write any number as a time, or none (-1); what is later than now would let times of events pass. */
function timeOf(timestamp: number, now: number): number {
  return timestamp >= 0 && timestamp <= now ? Math.trunc(timestamp) : now;
}
