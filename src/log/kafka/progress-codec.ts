/**
 * Progress as text: what an offset commit carries beside the watermark, so that it moves with the partition. Never
 * throws: what does not fit is cut from the top, and what cannot be read is named. A checksum of it and of the watermark
 * tells what another has written, or cut, or put beside another offset.
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { OffsetRange, Progress } from '../log.ts';
import type { TopicMark } from './topic-marks.ts';

/** Kafka: `offset.metadata.max.bytes`, 4,096 by default; a longer one is refused. */
export const MAX_METADATA_CHARS = 4096;

/** Settled ranges that a commit is to have at most: with short ones 4 bytes each would fit. */
export const MAX_RANGES = 1_000;

/** The first byte: how the rest is written. */
const PLAIN = 3;
const DEFLATED = 4;
/** As they were once: no checksum, and no mark of the topic. */
const UNCHECKED_PLAIN = 1;
const UNCHECKED_DEFLATED = 2;

/** Behind the version: a checksum of what follows, and the mark, which is zeros where the brokers know none. */
const CHECKSUM_BYTES = 4;
const CLUSTER_BYTES = 4;
const TOPIC_BYTES = 8;
const HEAD_BYTES = 1 + CHECKSUM_BYTES + CLUSTER_BYTES + TOPIC_BYTES;

/** Many times what 4,096 characters can mean of ours: a foreign text does not fill the memory. */
const MAX_INFLATED_BYTES = 1024 * 1024;

export interface EncodedProgress {
  readonly metadata: string;
  /** Settled ranges, the uppermost ones, that did not fit. */
  readonly cut: number;
}

export interface DecodedProgress {
  readonly progress: Progress;
  /** Offset in the requests partition below which the group has no open note. */
  readonly floor: number;
  /** The topic that it is progress of; null: not known. */
  readonly mark: TopicMark | null;
  /** Why the text was left aside: the offset alone was used. */
  readonly fault: string | null;
}

export interface EncodeOptions {
  /** Default: not known. */
  readonly mark?: TopicMark | null;
  /** At least 36, or what is left may be longer. Default: `MAX_METADATA_CHARS`. */
  readonly maxChars?: number;
}

/** The settled ranges, relative to the watermark, and the floor and the mark; those two always. */
export function encodeProgress(
  { watermark, settled }: Progress,
  floor: number,
  { mark = null, maxChars = MAX_METADATA_CHARS }: EncodeOptions = {},
): EncodedProgress {
  const { bytes, ends } = written(settled, watermark, floor);
  const packed = (part: Buffer): Buffer => sealed(part, watermark, mark);
  const whole = packed(bytes);
  // Base64 writes 3 bytes as 4 characters.
  const maxBytes = Math.floor(maxChars / 4) * 3;
  if (whole.length <= maxBytes) return { metadata: whole.toString('base64'), cut: 0 };
  // The most ranges that fit, by halving: a longer prefix never packs much smaller than a shorter one.
  let [low, high] = [0, settled.length - 1];
  let best = packed(bytes.subarray(0, ends[0]));
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    const part = packed(bytes.subarray(0, ends[middle]));
    if (part.length <= maxBytes) [low, best] = [middle, part];
    else high = middle - 1;
  }
  return { metadata: best.toString('base64'), cut: settled.length - low };
}

/** @param watermark the committed offset, which the text goes with */
export function decodeProgress(watermark: number, metadata: string | null): DecodedProgress {
  const bare = { progress: { watermark, settled: [] }, floor: 0, mark: null };
  if (metadata === null || metadata === '') return { ...bare, fault: null };
  const opened = unsealed(Buffer.from(metadata, 'base64'), watermark);
  if (typeof opened === 'string') return { ...bare, fault: opened };
  const read = rangesOf(opened.bytes, watermark);
  if (read === undefined) return { ...bare, fault: 'its ranges cannot be read' };
  const { settled, floor } = read;
  return { progress: { watermark, settled }, floor, mark: opened.mark, fault: null };
}

interface Written {
  readonly bytes: Buffer;
  /** `ends[n]`: where the bytes of the first n ranges end. */
  readonly ends: readonly number[];
}

function written(settled: readonly OffsetRange[], watermark: number, floor: number): Written {
  const bytes: number[] = [];
  pushVarint(bytes, floor);
  const ends = [bytes.length];
  let at = watermark;
  for (const { from, to } of settled) {
    pushVarint(bytes, from - at);
    pushVarint(bytes, to - from);
    ends.push(bytes.length);
    at = to;
  }
  return { bytes: Buffer.from(bytes), ends };
}

function sealed(bytes: Buffer, watermark: number, mark: TopicMark | null): Buffer {
  const deflated = bytes.length < 64 ? bytes : deflateRawSync(bytes);
  const isDeflated = deflated.length < bytes.length;
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = isDeflated ? DEFLATED : PLAIN;
  if (mark !== null) head.write(mark.cluster + mark.topic, 1 + CHECKSUM_BYTES, 'hex');
  const text = Buffer.concat([head, isDeflated ? deflated : bytes]);
  text.writeUInt32BE(checksumOf(text, watermark), 1);
  return text;
}

/** Of all but itself. */
function checksumOf(text: Buffer, watermark: number): number {
  return crc32(text.subarray(1 + CHECKSUM_BYTES), crc32(`${text[0]} ${watermark}`));
}

interface Unsealed {
  readonly bytes: Buffer;
  readonly mark: TopicMark | null;
}

function unsealed(text: Buffer, watermark: number): Unsealed | string {
  const [version] = text;
  if (version === UNCHECKED_PLAIN) return { bytes: text.subarray(1), mark: null };
  if (version === UNCHECKED_DEFLATED) return inflated(text.subarray(1), null);
  if (version !== PLAIN && version !== DEFLATED) {
    return `its version is ${version}, known are ${UNCHECKED_PLAIN} to ${DEFLATED}`;
  }
  if (text.length < HEAD_BYTES || text.readUInt32BE(1) !== checksumOf(text, watermark)) {
    return 'its checksum is wrong: it was cut, or written for another offset';
  }
  const mark = markIn(text);
  const bytes = text.subarray(HEAD_BYTES);
  return version === PLAIN ? { bytes, mark } : inflated(bytes, mark);
}

function markIn(text: Buffer): TopicMark | null {
  const hex = text.toString('hex', 1 + CHECKSUM_BYTES, HEAD_BYTES);
  const topic = hex.slice(2 * CLUSTER_BYTES);
  return /^0+$/.test(topic) ? null : { cluster: hex.slice(0, 2 * CLUSTER_BYTES), topic };
}

function inflated(bytes: Buffer, mark: TopicMark | null): Unsealed | string {
  try {
    return { bytes: inflateRawSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES }), mark };
  } catch {
    return 'it cannot be inflated';
  }
}

function rangesOf(bytes: Buffer, watermark: number): { settled: OffsetRange[]; floor: number } | undefined {
  const numbers = varintsOf(bytes);
  const floor = numbers?.[0];
  if (numbers === undefined || floor === undefined || numbers.length % 2 === 0) return undefined;
  const settled: OffsetRange[] = [];
  let at = watermark;
  for (let index = 1; index < numbers.length; index += 2) {
    const from = at + (numbers[index] ?? 0);
    const to = from + (numbers[index + 1] ?? 0);
    // A gap or a length of nothing is none of ours, and would be read as a range that touches its neighbour.
    if (from === at || to === from || !Number.isSafeInteger(to)) return undefined;
    settled.push({ from, to });
    at = to;
  }
  return { settled, floor };
}

/** Seven bits a byte, the lowest first, as in protocol buffers; by division, since offsets go beyond 32 bits. */
function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

function varintsOf(bytes: Buffer): number[] | undefined {
  const numbers: number[] = [];
  let [value, unit] = [0, 1];
  for (const byte of bytes) {
    value += (byte % 128) * unit;
    if (!Number.isSafeInteger(value)) return undefined;
    unit *= 128;
    if (byte >= 128) continue;
    numbers.push(value);
    [value, unit] = [0, 1];
  }
  return unit === 1 ? numbers : undefined;
}
