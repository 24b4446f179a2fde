/** Which topic a name stands for: asked of a broker that may know no ids, or answer something else. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RawBroker } from '../../../../src/log/kafka/internals.ts';
import { topicMarksOf } from '../../../../src/log/kafka/topic-marks.ts';

interface Sent {
  readonly request: { encode(): Promise<{ readonly buffer: Buffer }> };
  readonly response: { decode(answer: Buffer): Promise<unknown>; parse(decoded: unknown): Promise<unknown> };
}

function brokerOf(answer: Buffer, maxVersion = 12) {
  const sent: Buffer[] = [];
  const broker = {
    versions: { 3: { minVersion: 0, maxVersion } },
    connectionPool: {
      async send({ request, response }: Sent) {
        sent.push((await request.encode()).buffer);
        return response.parse(await response.decode(answer));
      },
    },
  };
  return { broker: broker as unknown as RawBroker, sent };
}

const ID = '00112233445566778899aabbccddeeff';
/** As a broker of Kafka 4.2 writes it, version 10: one broker, topics `t`, which is there, and `u`, which is not. */
const ANSWER = Buffer.from(
  [
    '00 00000000 02 00000001 0a 3132372e302e302e31 00002382 00 00 02 63 00000001 03',
    `0000 02 74 ${ID} 00 02 0000 00000000 00000001 00000000 02 00000001 02 00000001 01 00 80000000 00`,
    `0003 02 75 ${'00'.repeat(16)} 00 01 80000000 00 80000000 00`,
  ]
    .join('')
    .replaceAll(' ', ''),
  'hex',
);

test('a topic that is there has a mark, by the ids of its cluster and its own', async () => {
  const { broker, sent } = brokerOf(ANSWER);
  const marks = await topicMarksOf(broker, ['t', 'u']);
  expect([...marks]).toEqual([
    ['t', { cluster: expect.stringMatching(/^[0-9a-f]{8}$/), topic: ID.slice(0, 16) }],
  ]);
  expect(sent).toHaveLength(1);
});

test('brokers that know no ids are not asked', async () => {
  const { broker, sent } = brokerOf(ANSWER, 9);
  expect([...(await topicMarksOf(broker, ['t']))]).toEqual([]);
  expect(sent).toEqual([]);
});

test('an answer of another kind is no mark, and never an error', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat({ max: ANSWER.length }),
      async (bytes, cut) => {
        for (const answer of [Buffer.from(bytes), Buffer.concat([ANSWER.subarray(0, cut), bytes])]) {
          expect(await topicMarksOf(brokerOf(answer).broker, ['t'])).toBeInstanceOf(Map);
        }
      },
    ),
  );
});
