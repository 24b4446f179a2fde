/** From a deal to reading: what a member begins with is true of the partitions as they are when it begins. */
import { expect, test } from 'vitest';
import type { Epoch } from '../../../../src/log/kafka/epoch.ts';
import { encodeProgress } from '../../../../src/log/kafka/progress-codec.ts';
import { type JoinOptions, partsOf } from '../../../../src/log/kafka/session-join.ts';
import type { DealtPlace } from '../../../../src/log/kafka/session-parts.ts';
import { NO_SIGNS } from '../../../../src/log/kafka/signs.ts';
import { LogError } from '../../../../src/log/log.ts';

const OLD = { cluster: '00000001', topic: '0000000000000001' };
const NEW = { ...OLD, topic: '0000000000000002' };

/** A topic of one partition, of which the group has committed offset 7. */
function rig(prepare: JoinOptions['prepare']) {
  const cluster = { first: 0, end: 10, mark: OLD };
  const lost = new AbortController();
  const { metadata } = encodeProgress({ watermark: 7, settled: [] }, 0, { maxChars: 4_096, mark: OLD });
  const told: string[] = [];
  const epoch: Epoch = {
    places: [{ topic: 't', partition: 0 }],
    lost: lost.signal,
    stage: 'preparing',
    buffers: new Map(),
    commits: undefined,
  };
  const options: JoinOptions = {
    group: 'd',
    groupId: 'g.d',
    topics: () => ['t'],
    signs: NO_SIGNS,
    offsets: {
      bounds: async () => [{ partition: 0, first: cluster.first, end: cluster.end }],
      stored: async () => new Map([['t/0', { offset: 7, metadata }]]),
      marks: async () => new Map([['t', cluster.mark]]),
    } as Partial<JoinOptions['offsets']> as JoinOptions['offsets'],
    prepare,
    send: async () => ({ status: 'ok' }),
    onWarning: (message) => told.push(message),
  };
  return { cluster, told, lost, join: () => partsOf(epoch, options) };
}

test.each([
  { change: 'is made anew', now: { first: 0, end: 9, mark: NEW }, begins: 0 },
  { change: 'is cut from below', now: { first: 8, end: 10, mark: OLD }, begins: 8 },
])(
  'a topic that $change while getting ready fails is read from where it begins then',
  async ({ now, begins }) => {
    const prepared: DealtPlace[] = [];
    const { join, cluster, told } = rig(async (places) => {
      prepared.push(...places);
      if (prepared.length > 1) return;
      Object.assign(cluster, now);
      throw new LogError('log_unavailable', 'the partition has more records and its broker gave none');
    });
    const joined = await join();
    expect(prepared).toEqual([
      { topic: 't', partition: 0, from: 7, mark: OLD },
      { topic: 't', partition: 0, from: begins, mark: now.mark },
    ]);
    expect(joined?.buffers.get('t/0')?.position).toBe(begins);
    expect(joined?.marks).toEqual(new Map([['t', now.mark]]));
    expect(told).toHaveLength(1);
  },
);

test('a member that loses its partitions while it gets ready begins with nothing', async () => {
  const { join, lost } = rig(async () => {
    lost.abort();
    throw new LogError('log_unavailable', 'no broker');
  });
  expect(await join()).toBeUndefined();
});
