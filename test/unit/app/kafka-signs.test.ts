import { describe, expect, test } from 'vitest';
import { kafkaSigns, publishLag } from '../../../src/app/kafka-signs.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

function create() {
  const metrics = createMetrics({ version: '0' }, { processMetrics: false });
  const series = async () => {
    const text = await metrics.registry.metrics();
    return text.split('\n').filter((line) => line.startsWith('brazier_kafka_'));
  };
  return { metrics, series, signs: kafkaSigns(metrics, () => NOW) };
}

test('without Kafka there is not one series of it', async () => {
  expect(await create().series()).toEqual([]);
});

describe('each sign has its series', () => {
  test.each<[string, (signs: ReturnType<typeof kafkaSigns>) => void, string[]]>([
    [
      'a rebalance',
      (signs) => signs.rebalanced('braze'),
      ['brazier_kafka_rebalances_total{group="braze"} 1'],
    ],
    [
      'an assignment',
      (signs) =>
        signs.assigned(
          'braze',
          [0, 3].map((partition) => ({ topic: 'e', partition })),
        ),
      ['brazier_kafka_assigned_partitions{group="braze"} 2'],
    ],
    [
      'a commit, which is progress',
      (signs) => signs.committed('braze', 'ok'),
      [
        'brazier_kafka_commits_total{group="braze",outcome="ok"} 1',
        `brazier_kafka_last_progress_timestamp_seconds{group="braze"} ${NOW / 1000}`,
      ],
    ],
    [
      'a commit that failed, which is none',
      (signs) => signs.committed('braze', 'failed'),
      ['brazier_kafka_commits_total{group="braze",outcome="failed"} 1'],
    ],
    [
      'records that came, which is progress',
      (signs) => signs.fetched('braze', 5),
      [`brazier_kafka_last_progress_timestamp_seconds{group="braze"} ${NOW / 1000}`],
    ],
    ['an empty fetch, which is none', (signs) => signs.fetched('braze', 0), []],
    [
      'records that were deleted unread',
      (signs) => signs.recordsLost('braze', 'e', 3, 7),
      ['brazier_kafka_records_lost_total{group="braze",topic="e",partition="3"} 7'],
    ],
    [
      'a crash',
      (signs) => signs.crashed('braze', false),
      ['brazier_kafka_crashes_total{group="braze",restart="false"} 1'],
    ],
    [
      'an id that came with other content',
      (signs) => signs.conflicted('e'),
      ['brazier_kafka_conflicts_total{topic="e"} 1'],
    ],
    [
      'progress that was cut',
      (signs) => signs.progressCut('braze', 4),
      ['brazier_kafka_progress_cut_total{group="braze"} 4'],
    ],
    [
      'messages written',
      (signs) => signs.produced('e', 'failed', 9),
      ['brazier_kafka_messages_total{topic="e",outcome="failed"} 9'],
    ],
    [
      'messages refused for want of replicas',
      (signs) => signs.replicasMissing('e', 9),
      ['brazier_kafka_replicas_missing_total{topic="e"} 9'],
    ],
  ])('%s', async (_what, sign, expected) => {
    const { series, signs } = create();
    sign(signs);
    expect(await series()).toEqual(expected);
  });
});

test('lag is that of the partitions read now, and those of another have no series any more', async () => {
  const { metrics, series } = create();
  const standing = { group: 'braze', detached: false, unsettled: 9, bytes: 90, oldestAt: NOW - 2_500 };
  const place = { topic: 'e', partition: 0, lag: 4, oldestAt: NOW - 2_500 };
  publishLag([{ ...standing, partitions: [place, { ...place, partition: 1 }] }], metrics, NOW);
  const partitions = [
    { ...place, partition: 1, lag: 0, oldestAt: null },
    { ...place, partition: 2 },
  ];
  publishLag([{ ...standing, partitions }], metrics, NOW);
  expect(await series()).toEqual([
    'brazier_kafka_consumer_lag{group="braze",topic="e",partition="1"} 0',
    'brazier_kafka_consumer_lag{group="braze",topic="e",partition="2"} 4',
    'brazier_kafka_consumer_lag_seconds{group="braze",topic="e",partition="1"} 0',
    'brazier_kafka_consumer_lag_seconds{group="braze",topic="e",partition="2"} 2.5',
  ]);
});
