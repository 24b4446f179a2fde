/** Which partition a key belongs to: the one that Java's default partitioner gives it, so that any producer's keys agree. */

const SEED = 0x9747b28c | 0;
const MULTIPLIER = 0x5bd1e995;

/** @returns 0 ≤ partition < `partitions`; the same for the same key as long as their number stays */
export function partitionOf(key: string, partitions: number): number {
  // As Kafka's Utils.toPositive: the sign bit is cleared, not the sign.
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

/** 32 bits, signed: MurmurHash2 as in org.apache.kafka.common.utils.Utils. */
export function murmur2(bytes: Buffer): number {
  const { length } = bytes;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MULTIPLIER);
    word = Math.imul(word ^ (word >>> 24), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
  }
  if (whole < length) {
    for (let at = length - 1; at >= whole; at -= 1) hash ^= (bytes[at] ?? 0) << ((at - whole) * 8);
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}
