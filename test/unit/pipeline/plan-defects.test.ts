import { describe, expect, it } from 'vitest';
import { type PlanOptions, planRecord } from '../../../src/pipeline/plan.ts';

const OPTIONS: PlanOptions = {
  destination: 'braze',
  wants: () => false,
  route: () => {
    throw new Error('asked about a record that cannot be read');
  },
  transform: () => {
    throw new Error('asked about a record that cannot be read');
  },
};
const HEADERS = { source: '', receivedAt: '2026-11-22T00:00:00.000Z' };

describe('a record that this version cannot read', () => {
  it('is rejected, not passed over for its source, which nobody knows', () => {
    const plan = planRecord(
      '{"type":"track"}',
      { headers: HEADERS, corrupt: false, defect: 'unknown_schema' },
      OPTIONS,
    );
    expect(plan).toMatchObject({ status: 'rejected', kind: 'corrupt', code: 'unknown_schema' });
  });

  it('is filtered when it has no value: nobody lost anything', () => {
    const plan = planRecord('', { headers: HEADERS, corrupt: false, defect: 'tombstone' }, OPTIONS);
    expect(plan).toMatchObject({ status: 'filtered', code: 'tombstone' });
  });
});
