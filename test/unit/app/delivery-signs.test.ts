import { describe, expect, test } from 'vitest';
import { createObserver } from '../../../src/app/delivery-signs.ts';
import type { Attempt } from '../../../src/delivery/attempt.ts';
import { DELIVERED, rejected } from '../../../src/model/outcome.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const SILENT = { debug() {}, warn() {} } as unknown as Parameters<typeof createObserver>[2];
const REJECTED = rejected('invalid', 'refused', 'no');

describe('an attempt counts in the words of the metric', () => {
  test.each<[Attempt['verdict'], string]>([
    [{ kind: 'final', outcomes: [DELIVERED, REJECTED] }, 'delivered'],
    [{ kind: 'final', outcomes: [REJECTED] }, 'rejected'],
    [{ kind: 'named', faults: new Map([[0, REJECTED]]) }, 'split'],
    [{ kind: 'split', fault: REJECTED }, 'split'],
    [{ kind: 'retry', code: 'http_503', throttled: false }, 'retry'],
    [{ kind: 'halt', code: 'key_refused', message: 'no' }, 'halt'],
  ])('%j: %s', async (verdict, outcome) => {
    const metrics = createMetrics({ version: '0' }, { processMetrics: false });
    const attempt: Attempt = {
      endpoint: '/users/track',
      verdict,
      objects: 2,
      status: 200,
      durationMs: 5,
      remaining: undefined,
      throttledMs: undefined,
    };
    createObserver('braze', metrics, SILENT)(attempt);
    const { values } = await metrics.deliveryAttempts.get();
    expect(values.map(({ labels }) => labels.outcome)).toEqual([outcome]);
  });
});
