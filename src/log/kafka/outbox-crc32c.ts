/** CRC-32C (Castagnoli), which guards a record batch: eight bytes at a step, for Node's zlib has only the other CRC-32. */

/** Reflected; RFC 3720, appendix B.4. */
const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

/** `TABLES[slice * 256 + byte]`: what a byte contributes that has `slice` more behind it. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at += 1) {
    const shorter = tables[at - 256] ?? 0;
    tables[at] = (shorter >>> 8) ^ (tables[shorter & 0xff] ?? 0);
  }
  return tables;
}

/** @returns 32 bits, unsigned */
export function crc32c(bytes: Buffer): number {
  const whole = bytes.length - (bytes.length % SLICES);
  let crc = -1;
  for (let at = 0; at < whole; at += SLICES) {
    crc = step(crc ^ bytes.readInt32LE(at), bytes.readInt32LE(at + 4));
  }
  for (let at = whole; at < bytes.length; at += 1) {
    crc = (crc >>> 8) ^ (TABLES[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}

function step(low: number, high: number): number {
  return (
    (TABLES[1_792 + (low & 0xff)] as number) ^
    (TABLES[1_536 + ((low >>> 8) & 0xff)] as number) ^
    (TABLES[1_280 + ((low >>> 16) & 0xff)] as number) ^
    (TABLES[1_024 + (low >>> 24)] as number) ^
    (TABLES[768 + (high & 0xff)] as number) ^
    (TABLES[512 + ((high >>> 8) & 0xff)] as number) ^
    (TABLES[256 + ((high >>> 16) & 0xff)] as number) ^
    (TABLES[high >>> 24] as number)
  );
}
