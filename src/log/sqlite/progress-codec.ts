/** Progress as bytes: settled ranges become distances from the watermark, each a varint, so that a thousand ranges fit in 4 KB. */
import type { OffsetRange } from '../log.ts';

/** `settled` as stored beside its watermark. */
export function encodeSettled(watermark: number, settled: readonly OffsetRange[]): Uint8Array {
  const bytes: number[] = [];
  let last = watermark;
  for (const { from, to } of settled) {
    if (from < last || to <= from)
      throw new Error(`settled range [${from}, ${to}) is out of order after ${last}`);
    pushVarint(bytes, from - last);
    pushVarint(bytes, to - from);
    last = to;
  }
  return Uint8Array.from(bytes);
}

/** The inverse of `encodeSettled`; throws on bytes that it did not write. */
export function decodeSettled(watermark: number, bytes: Uint8Array): OffsetRange[] {
  const ranges: OffsetRange[] = [];
  let at = 0;
  let last = watermark;
  const next = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at];
      if (byte === undefined) throw new Error('progress is cut short');
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const from = last + next();
    last = from + next();
    ranges.push({ from, to: last });
  }
  return ranges;
}

/** Arithmetic instead of shifts: offsets outgrow 32 bits. */
function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}
