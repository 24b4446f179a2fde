import { expect, it } from 'vitest';
import { DELIVERED } from '../../../src/model/outcome.ts';
import { createTally } from '../../../src/pipeline/tally.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const metrics = () => createMetrics({ version: 'test' }, { processMetrics: false });

it('counts what is unfinished by itself, whatever was published in between', () => {
  const tally = createTally(metrics(), 'braze');
  tally.read(3);
  tally.publish();
  tally.finished(DELIVERED);
  expect(tally.unfinished()).toBe(2);
  tally.publish();
  tally.finished(DELIVERED);
  tally.finished(DELIVERED);
  expect(tally.unfinished()).toBe(0);
});

it('begins with series at 0 where an alert looks for the first increment', async () => {
  const all = metrics();
  createTally(all, 'braze');
  const text = await all.registry.metrics();
  for (const series of [
    'brazier_events_read_total{destination="braze"}',
    'brazier_events_total{destination="braze",outcome="rejected"}',
    'brazier_events_in_doubt_total{destination="braze"}',
  ])
    expect(text).toContain(`${series} 0\n`);
});
