import { expect, it } from 'vitest';
import { countFromZero } from '../../../src/app/first-counts.ts';
import type { Config } from '../../../src/config/config.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const EMBEDDED = { kind: 'embedded' };
const KAFKA = { kind: 'kafka', topic: 'events', deadLetterTopic: 'letters', requestTopic: 'requests' };
const PARTS = {
  log: EMBEDDED,
  sources: [
    { id: 'shop', writeKeys: ['k'] },
    { id: 'crm', writeKeys: [] },
  ],
  subscriptions: [],
  destinations: [{ id: 'braze' }],
};

/** Series of which there was nothing before, each with its value. */
async function seriesOf(
  config: object,
  before: (metrics: ReturnType<typeof createMetrics>) => void = () => undefined,
) {
  const metrics = createMetrics({ version: 'test' }, { processMetrics: false });
  before(metrics);
  countFromZero(metrics, config as Config);
  const lines = (await metrics.registry.metrics()).split('\n');
  return lines.filter((line) => /^brazier_\w+_total\{/.test(line));
}

it('each source that is posted to, and each destination, is counted from 0', async () => {
  const series = await seriesOf({ ...PARTS, role: 'all' });
  expect(series).toEqual([
    'brazier_ingest_events_total{source="shop",channel="http",outcome="accepted"} 0',
    'brazier_ingest_events_total{source="shop",channel="http",outcome="rejected"} 0',
    ...[
      'delivered",status_class="2xx',
      'retry",status_class="4xx',
      'retry",status_class="5xx',
      'retry",status_class="none',
    ].map(
      (what) =>
        `brazier_delivery_attempts_total{destination="braze",endpoint="/users/track",outcome="${what}"} 0`,
    ),
  ]);
});

it('a process has those of its role', async () => {
  const subscriptions = [{ source: 'crm' }];
  const onKafka = { ...PARTS, log: KAFKA, subscriptions };
  const [ingest, worker] = [
    await seriesOf({ ...onKafka, role: 'ingest' }),
    await seriesOf({ ...onKafka, role: 'worker' }),
  ];
  expect(ingest.filter((line) => /braze"|crm"/.test(line))).toEqual([]);
  expect(worker.filter((line) => line.includes('"shop"'))).toEqual([]);
  expect(worker).toContain('brazier_subscription_key_mismatches_total{source="crm"} 0');
  for (const series of [ingest, worker]) {
    expect(series).toContain('brazier_kafka_messages_total{topic="events",outcome="failed"} 0');
    expect(series).toContain('brazier_kafka_replicas_missing_total{topic="letters"} 0');
  }
});

it('what is counted already stays as it is', async () => {
  const series = await seriesOf({ ...PARTS, role: 'all' }, (metrics) =>
    metrics.ingestEvents.inc({ source: 'shop', channel: 'http', outcome: 'rejected' }, 7),
  );
  expect(series).toContain('brazier_ingest_events_total{source="shop",channel="http",outcome="rejected"} 7');
});
