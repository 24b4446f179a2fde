import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from '../../../../src/log/kafka/partitioner.ts';

const kafkajsMurmur2 = createRequire(import.meta.url)(
  'kafkajs/src/producer/partitioners/default/murmur2',
) as (key: Buffer) => number;

describe('the hash of a key', () => {
  // org.apache.kafka.common.utils.UtilsTest.testMurmur2
  it.each([
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
    ['abc', 479_470_107],
  ])('of %s is the one that Java computes', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it('is that of kafkajs for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(murmur2(Buffer.from(bytes))).toBe(kafkajsMurmur2(Buffer.from(bytes)));
      }),
      { numRuns: 2_000, seed: 6 },
    );
  });
});

describe('the partition of a key', () => {
  it('is one of the topic, the same each time, and the one of the UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 400 }), (key, partitions) => {
        const partition = partitionOf(key, partitions);
        expect(partition).toBe((kafkajsMurmur2(Buffer.from(key)) & 0x7fffffff) % partitions);
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(partitions);
      }),
      { numRuns: 500, seed: 6 },
    );
  });

  it('clears the sign of a negative hash instead of turning it', () => {
    expect(partitionOf('21', 100)).toBe((-973_932_308 & 0x7fffffff) % 100);
    expect(partitionOf('21', 100)).not.toBe(973_932_308 % 100);
  });
});
