/**
 * A record as a Kafka message and back. The value is the record's own; what is known beside it travels in headers of a
 * stable form. Reading never throws: what is no record of ours, or no longer what was written, says so.
 *
 * Headers: `brazier` is one JSON object (`v` the version of this form, `crc32` of the value, `guardId`, `guardContent`,
 * and the members of `RecordHeaders`), `brazier-envelope` the envelope's JSON text, `traceparent` as in W3C Trace Context.
 * Not one header for each member: kafkajs takes about 1 µs to read each header of each message, for every group.
 * Members that a reader does not know are left alone; only what changes the meaning of the known ones raises the version.
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { isObject, type Json, type JsonObject } from '../../model/json.ts';
import type { LogRecord, RecordHeaders } from '../../model/record.ts';
import type { AppendRecord } from '../log.ts';

/** A message as it is read. */
export interface RawMessage {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | undefined>>;
  /** ms since the epoch. */
  readonly timestamp: number;
}

/** A message to write. */
export interface OutMessage {
  readonly key: string | null;
  /** Null is a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly timestamp: number;
}

/** A record as read, with what the guard against duplicates goes by. */
export interface StoredRecord extends LogRecord {
  readonly guardId?: string;
  readonly guardContent?: number;
}

export interface Place {
  readonly topic: string;
  readonly partition: number;
}

/** Version of the headers' form. */
export const SCHEMA_VERSION = 1;
const HEADER = 'brazier';
const ENVELOPE = 'brazier-envelope';
const TRACEPARENT = 'traceparent';

/** Ids have no upper bound; beyond these bytes their hash stands for them, equal ids for equal ids. */
const MAX_KEY_BYTES = 1_024;
const MAX_GUARD_ID_BYTES = 512;

/** Members of `RecordHeaders` that stand in the JSON header. */
const MEMBERS = [
  'source',
  'receivedAt',
  'sentAt',
  'messageId',
  'type',
  'half',
  'replayDestination',
  'replayParts',
  'replayWithout',
] as const satisfies readonly (keyof RecordHeaders)[];

/** A message whose key decides the partition: of an id that is too long, the key is its hash. */
export function messageOf(record: AppendRecord): OutMessage & { readonly key: string } {
  const { value, timestamp } = record;
  const { envelope, traceparent, ...members } = record.headers;
  const guard = {
    ...(record.guardId !== undefined && { guardId: shortened(record.guardId, MAX_GUARD_ID_BYTES) }),
    ...(record.guardContent !== undefined && { guardContent: record.guardContent }),
  };
  const text = JSON.stringify({ v: SCHEMA_VERSION, crc32: crc32(value), ...guard, ...members });
  const headers: Record<string, string> = { [HEADER]: text };
  if (envelope !== undefined) headers[ENVELOPE] = envelope;
  if (traceparent !== undefined) headers[TRACEPARENT] = traceparent;
  return { key: shortened(record.key, MAX_KEY_BYTES), value, headers, timestamp };
}

function shortened(id: string, maxBytes: number): string {
  // A UTF-16 unit is at most 3 bytes.
  if (id.length * 3 <= maxBytes || Buffer.byteLength(id) <= maxBytes) return id;
  return `sha256:${createHash('sha256').update(id).digest('hex')}`;
}

/**
 * Never throws. A value that its checksum does not match is `corrupt`; a message without a value, and one whose headers
 * are not of a version that is known here, has a `defect`.
 */
export function recordOf(message: RawMessage, { topic, partition }: Place): StoredRecord {
  const { offset, timestamp } = message;
  const value = message.value ?? Buffer.alloc(0);
  const place = { topic, partition, offset, key: message.key?.toString() ?? '', value, timestamp };
  const meta = metaOf(textOf(message, HEADER));
  const headers = headersOf(meta, message);
  if (message.value === null) return { ...place, headers, corrupt: false, defect: 'tombstone' };
  if (meta?.v !== SCHEMA_VERSION) return { ...place, headers, corrupt: false, defect: 'unknown_schema' };
  const { guardId, guardContent } = meta;
  return {
    ...place,
    headers,
    corrupt: meta.crc32 !== crc32(value),
    ...(typeof guardId === 'string' && { guardId }),
    ...(typeof guardContent === 'number' && { guardContent }),
  };
}

function metaOf(text: string | undefined): JsonObject | undefined {
  if (text === undefined) return undefined;
  try {
    const meta: Json = JSON.parse(text);
    return isObject(meta) ? meta : undefined;
  } catch {
    return undefined;
  }
}

/** As much of them as can be read; kafkajs gives a list where a name came twice. */
function headersOf(meta: JsonObject | undefined, message: RawMessage): RecordHeaders {
  const headers: Record<string, string> = { source: '', receivedAt: '' };
  for (const member of MEMBERS) {
    const text = meta?.[member];
    if (typeof text === 'string') headers[member] = text;
  }
  // Only then: it takes as long as all the rest.
  if (typeof meta?.receivedAt !== 'string') headers.receivedAt = timeOf(message.timestamp);
  const envelope = textOf(message, ENVELOPE);
  const traceparent = textOf(message, TRACEPARENT);
  if (envelope !== undefined) headers.envelope = envelope;
  if (traceparent !== undefined) headers.traceparent = traceparent;
  return headers as unknown as RecordHeaders;
}

function textOf({ headers }: RawMessage, name: string): string | undefined {
  const value: unknown = headers[name];
  const one: unknown = Array.isArray(value) ? value.at(-1) : value;
  return Buffer.isBuffer(one) ? one.toString() : undefined;
}

/** Producers may write any number as a time; those that no date has count as the epoch. */
function timeOf(timestamp: number): string {
  const date = new Date(timestamp);
  return (Number.isNaN(date.getTime()) ? new Date(0) : date).toISOString();
}
