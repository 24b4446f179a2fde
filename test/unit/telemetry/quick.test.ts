import fc from 'fast-check';
import { Counter, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createQuickCounter, createQuickHistogram } from '../../../src/telemetry/metrics/quick.ts';

const NAMES = { name: 'test_seconds', help: 'Help.', labelNames: ['route', 'code'] as const };
const BUCKETS = [0.005, 0.1, 1, 10];
const SEEN = fc.array(
  fc.record({
    route: fc.constantFrom('/a', '/b', 'a "quoted"\nname'),
    code: fc.constantFrom('200', '429'),
    value: fc.constantFrom(0, 0.005, 0.0051, 0.5, 1, 10, 11, 1e9),
  }),
  { maxLength: 30 },
);

test("a histogram's text is the one that prom-client writes of the same values, at every look", async () => {
  await fc.assert(
    fc.asyncProperty(SEEN, SEEN, async (first, second) => {
      const [quick, plain] = [new Registry(), new Registry()];
      const ours = createQuickHistogram({ ...NAMES, buckets: BUCKETS, registers: [quick] });
      const theirs = new Histogram({ ...NAMES, buckets: BUCKETS, registers: [plain] });
      for (const seen of [first, second]) {
        for (const { value, ...labels } of seen) {
          ours.note(labels, value);
          theirs.observe(labels, value);
        }
        expect(sorted(await quick.metrics())).toEqual(sorted(await plain.metrics()));
        expect(byLabels((await ours.get()).values)).toEqual(byLabels((await theirs.get()).values));
      }
    }),
    { seed: 7, numRuns: 100 },
  );
});

test("a counter's text is the one that prom-client writes of the same counts, at every look", async () => {
  await fc.assert(
    fc.asyncProperty(SEEN, SEEN, async (first, second) => {
      const [quick, plain] = [new Registry(), new Registry()];
      const ours = createQuickCounter({ ...NAMES, registers: [quick] });
      const theirs = new Counter({ ...NAMES, registers: [plain] });
      for (const seen of [first, second]) {
        for (const { route, code } of seen) {
          ours.count({ route, code });
          theirs.inc({ route, code });
        }
        expect(sorted(await quick.metrics())).toEqual(sorted(await plain.metrics()));
      }
    }),
    { seed: 7, numRuns: 100 },
  );
});

test('labels may be changed by whoever gave them', async () => {
  const counter = createQuickCounter({ ...NAMES, registers: [] });
  const labels = { route: '/a', code: '200' };
  counter.count(labels);
  labels.code = '500';
  counter.count(labels);
  expect((await counter.get()).values).toEqual([
    { labels: { route: '/a', code: '200' }, value: 1 },
    { labels: { route: '/a', code: '500' }, value: 1 },
  ]);
});

/** The order of labels within a series says nothing. */
function sorted(text: string): string[] {
  return text
    .split('\n')
    .map((line) =>
      line.replace(/\{(.*)\}/, (_all, labels: string) => `{${labels.split(',').sort().join(',')}}`),
    )
    .sort();
}

function byLabels(values: readonly object[]): string[] {
  const members = ['metricName', 'labels', 'value', 'le', 'route', 'code'];
  return values.map((value) => JSON.stringify(value, members)).sort();
}
