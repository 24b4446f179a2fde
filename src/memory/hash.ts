/** 64 bits that stand for a text: enough to see that a value is the same as before, too little to tell the value. */

/**
 * Appends the two halves, unsigned 32 bits each. Two multiplicative hashes side by side, mixed at the end as
 * MurmurHash3 does. Not cryptographic: who prepares two texts that look alike spoils no attribute but their own.
 */
export function pushHash(to: number[], text: string, seed: number): void {
  let low = 0xdeadbeef ^ seed;
  let high = 0x41c6ce57 ^ seed;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 0x9e3779b1);
    high = Math.imul(high ^ code, 0x5f356495);
  }
  low = mix(low ^ (high >>> 15) ^ text.length);
  high = mix(high ^ low);
  to.push(high, low);
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
