import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, checkFits, maxValueBytesOf } from '../../../../src/log/kafka/outbox-size.ts';
import type { OutMessage } from '../../../../src/log/kafka/record-codec.ts';

const requireKafkajs = createRequire(import.meta.url);
const encodeRecord = requireKafkajs('kafkajs/src/protocol/recordBatch/record/v0') as (
  record: object,
) => object;
const { RecordBatch } = requireKafkajs('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (batch: object) => Promise<{ size(): number }>;
};

/** The bytes that the broker compares with `max.message.bytes`. */
async function onTheWire({ key, value, headers }: OutMessage): Promise<number> {
  const record = { key, value: value && Buffer.from(value), headers, offsetDelta: 0, timestampDelta: 1_000 };
  return (await RecordBatch({ records: [encodeRecord(record)] })).size();
}

const text = fc.string({ unit: 'grapheme', maxLength: 300 });
const message: fc.Arbitrary<OutMessage> = fc.record({
  key: fc.option(text),
  value: fc.option(fc.uint8Array({ maxLength: 3_000 })),
  headers: fc.dictionary(fc.string(), text, { maxKeys: 5 }),
  timestamp: fc.nat(),
});

describe('the bytes of a message', () => {
  it('are never fewer than those that the broker counts, and hardly more', async () => {
    await fc.assert(
      fc.asyncProperty(message, async (each) => {
        const wire = await onTheWire(each);
        const counted = bytesOf(each) + 61;
        expect(counted).toBeGreaterThanOrEqual(wire);
        expect(counted).toBeLessThan(wire + 36 + 10 * Object.keys(each.headers).length);
      }),
      { numRuns: 300, seed: 6 },
    );
  });

  it('fit up to the last one', () => {
    expect(() => checkFits(939, 't', 1_000)).not.toThrow();
    expect(() => checkFits(940, 't', 1_000)).toThrow(/message of 1001 bytes for t.*is 1000/);
  });

  it('leave no room for a value when the topic takes less than what stands beside it', () => {
    expect(maxValueBytesOf({ maxMessageBytes: 10_000 })).toBe(0);
  });
});
