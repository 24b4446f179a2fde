/**
 * Progress as text: what an offset commit carries beside the watermark, so that it moves with the partition. Never
 * throws: what does not fit is cut from the top, and what cannot be read is named.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { OffsetRange, Progress } from '../log.ts';

/** Kafka: `offset.metadata.max.bytes`, 4,096 by default; a longer one is refused. */
export const MAX_METADATA_CHARS = 4096;

/** Settled ranges that a commit is to have at most: with short ones 4 bytes each would fit. */
export const MAX_RANGES = 1_000;

/** The first byte: how the rest is written. */
const PLAIN = 1;
const DEFLATED = 2;

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
  /** Why the text was left aside: the offset alone was used. */
  readonly fault: string | null;
}

/** The settled ranges, relative to the watermark, and the floor; the floor always. */
export function encodeProgress(
  { watermark, settled }: Progress,
  floor: number,
  maxChars = MAX_METADATA_CHARS,
): EncodedProgress {
  const { bytes, ends } = written(settled, watermark, floor);
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
  const bare = { progress: { watermark, settled: [] }, floor: 0 };
  if (metadata === null || metadata === '') return { ...bare, fault: null };
  const bytes = unpacked(Buffer.from(metadata, 'base64'));
  if (typeof bytes === 'string') return { ...bare, fault: bytes };
  const read = rangesOf(bytes, watermark);
  if (read === undefined) return { ...bare, fault: 'its ranges cannot be read' };
  return { progress: { watermark, settled: read.settled }, floor: read.floor, fault: null };
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

function packed(bytes: Buffer): Buffer {
  const plain = Buffer.concat([Buffer.of(PLAIN), bytes]);
  if (bytes.length < 64) return plain;
  const deflated = deflateRawSync(bytes);
  return deflated.length < bytes.length ? Buffer.concat([Buffer.of(DEFLATED), deflated]) : plain;
}

function unpacked(packedBytes: Buffer): Buffer | string {
  const [version] = packedBytes;
  const rest = packedBytes.subarray(1);
  if (version === PLAIN) return rest;
  if (version !== DEFLATED) return `its version is ${version}, known are ${PLAIN} and ${DEFLATED}`;
  try {
    return inflateRawSync(rest, { maxOutputLength: MAX_INFLATED_BYTES });
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
