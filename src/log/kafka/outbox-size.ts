/** How large a message is on the wire: an upper bound, so that what passes here passes the broker. */
import { LogError } from '../log.ts';
import type { OutMessage } from './record-codec.ts';

/** Of the frame around the records of one produce: the header of a record batch, Kafka's message format v2. */
const BATCH_BYTES = 61;
/** Of the frame around a record: five lengths and deltas of at most 5 bytes, one of at most 10, the attributes. */
const RECORD_BYTES = 36;
/** Two lengths of at most 5 bytes around a header's name and value. */
const HEADER_BYTES = 10;

/** Kafka's default of `max.message.bytes`: a record batch of 1 MiB and its frame. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;

/**
 * What a topic's `max.message.bytes` has to hold beside the value of an event: the envelope's 32 KiB, and 8 KiB for the
 * key, the ids and the other headers, of which the codec bounds those that senders choose.
 */
const ALLOWANCE_BYTES = 40 * 1_024;

/** The least `max.message.bytes` with which the log is of use: it leaves an event 24 KiB. */
export const LEAST_MAX_MESSAGE_BYTES = 64 * 1_024;

/** The largest value of an event that fits into a message of the topic. */
export function maxValueBytesOf({ maxMessageBytes }: { readonly maxMessageBytes: number }): number {
  return Math.max(0, maxMessageBytes - ALLOWANCE_BYTES);
}

/** Bytes of one message in a record batch, uncompressed. */
export function bytesOf({ key, value, headers }: OutMessage): number {
  let bytes = RECORD_BYTES + (value?.byteLength ?? 0) + (key === null ? 0 : Buffer.byteLength(key));
  for (const name in headers) {
    bytes += HEADER_BYTES + Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '');
  }
  return bytes;
}

/** Throws `log_oversized` when a batch of these bytes alone is more than the topic takes. */
export function checkFits(bytes: number, topic: string, maxMessageBytes: number): void {
  const total = bytes + BATCH_BYTES;
  if (total <= maxMessageBytes) return;
  const message = `a message of ${total} bytes for ${topic}: the topic's max.message.bytes is ${maxMessageBytes}`;
  throw new LogError('log_oversized', message);
}
