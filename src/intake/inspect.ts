/** Looks at an event that destinations read where it is: the checks of ingest, its person, and whether the topic keeps a person's order. */
import { checkIncoming } from '../ingest/accept.ts';
import { contentHash } from '../ingest/content.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { messageIdOf } from '../model/normalise.ts';
import { type Rejected, rejected } from '../model/outcome.ts';
import { personKey, toId } from '../model/person.ts';
import type { Subscription } from '../model/subscription.ts';
import type { IntakeLimits } from './limits.ts';
import { parseRecord } from './parse-record.ts';

/** What is to be known of an event before it is read again to be delivered. */
export interface Inspected {
  /** The person key; '' when it names nobody. */
  readonly key: string;
  readonly messageId?: string;
  readonly content: number;
  /** Why it can never be delivered: its dead letter's outcome. */
  readonly fault?: Rejected;
  /** Its text, or of a record that is too large as much as an event may have. */
  readonly value: Uint8Array;
}

export interface InspectOptions {
  readonly limits: IntakeLimits;
  /** The record's key is not the person that the value has at the subscription's `key`. */
  readonly onKeyMismatch: (subscription: Subscription) => void;
}

/** @param recordKey the record's own key as text; null when it has none */
export type Inspect = (value: Buffer, recordKey: string | null, subscription: Subscription) => Inspected;

export function createInspect({ limits, onKeyMismatch }: InspectOptions): Inspect {
  return (value, recordKey, subscription) => {
    if (value.length > limits.maxEventBytes) return tooLarge(value, limits.maxEventBytes);
    const parsed = parseRecord(value, 'event', limits);
    if ('status' in parsed) return { key: '', content: 0, value, fault: parsed };
    const [event] = parsed.events;
    if (!event) return { key: '', content: 0, value };
    const fault = checkIncoming(event, undefined, limits);
    const { raw, bytes } = event;
    if (fault || !isObject(raw)) return { key: '', content: 0, value: bytes, ...(fault && { fault }) };
    if (!isKeyedBy(raw, recordKey, subscription.key ?? '')) onKeyMismatch(subscription);
    const messageId = messageIdOf(raw.messageId);
    return {
      key: personKey(raw) ?? '',
      ...(messageId !== undefined && { messageId }),
      content: contentHash(bytes),
      value: bytes,
    };
  };
}

function tooLarge(value: Buffer, maxBytes: number): Inspected {
  const message = `the event is larger than ${maxBytes} bytes; the letter keeps so many of them`;
  const fault = rejected('oversized', 'event_too_large', message);
  return { key: '', content: 0, value: value.subarray(0, maxBytes), fault };
}

/** An event without that path is somebody unknown yet: producers key such by the anonymous id. */
function isKeyedBy(raw: JsonObject, recordKey: string | null, path: string): boolean {
  if (recordKey === null) return false;
  const person = toId(at(raw, path)) ?? toId(raw.anonymousId);
  // A producer that serialises keys as JSON writes text in quotes.
  return person === recordKey.trim() || JSON.stringify(person) === recordKey;
}

function at(raw: JsonObject, path: string): Json | undefined {
  let value: Json | undefined = raw;
  for (const name of path.split('.')) value = isObject(value) ? value[name] : undefined;
  return value;
}
