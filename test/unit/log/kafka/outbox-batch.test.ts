import { createRequire } from 'node:module';
import fc from 'fast-check';
import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { registerCodecs } from '../../../../src/log/kafka/codecs.ts';
import { encodeBatch } from '../../../../src/log/kafka/outbox-batch.ts';
import { crc32c } from '../../../../src/log/kafka/outbox-crc32c.ts';
import type { OutMessage } from '../../../../src/log/kafka/record-codec.ts';

const requireKafkajs = createRequire(import.meta.url);
const produceRequest = requireKafkajs('kafkajs/src/protocol/requests/produce/v7/request') as (
  terms: object,
) => {
  encode(): Promise<{ readonly buffer: Buffer }>;
};
const kafkajsCrc32c = requireKafkajs('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;
const { None, GZIP, ZSTD } = kafkajs.CompressionTypes;

registerCodecs();

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const message: fc.Arbitrary<OutMessage> = fc.record({
  key: fc.option(text),
  value: fc.option(fc.uint8Array({ maxLength: 400 })),
  headers: fc.dictionary(fc.string({ minLength: 1 }), text, { maxKeys: 4 }),
  // As many digits each: kafkajs compares them as text.
  timestamp: fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 }),
});

/** The batch within kafkajs' whole request. */
async function batchOfKafkajs(messages: readonly OutMessage[], compression: number): Promise<Buffer> {
  const plain = messages.map((each) => ({ ...each, value: each.value && Buffer.from(each.value) }));
  const topicData = [{ topic: 't', partitions: [{ partition: 0, firstSequence: 0, messages: plain }] }];
  const request = await produceRequest({ acks: -1, timeout: 1, compression, topicData }).encode();
  // Transaction, acks, timeout; topics and the one's name; partitions, the one's number and its length.
  return request.buffer.subarray(2 + 2 + 4 + (4 + 2 + 1) + (4 + 4 + 4));
}

describe('a record batch', () => {
  it.each([None, GZIP, ZSTD])('is byte for byte the one of kafkajs (compression %i)', async (compression) => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), async (messages) => {
        const ours = await encodeBatch(messages, compression);
        expect(ours.equals(await batchOfKafkajs(messages, compression))).toBe(true);
      }),
      { numRuns: 200, seed: 6 },
    );
  });

  it('has a checksum that is the one of any bytes', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(crc32c(Buffer.from(bytes))).toBe(kafkajsCrc32c(Buffer.from(bytes)) >>> 0);
      }),
      { numRuns: 500, seed: 6 },
    );
  });
});
