import { expect, test } from 'vitest';
import { rejected } from '../../../src/model/outcome.ts';
import { planRecord } from '../../../src/pipeline/plan.ts';

const FAULT = rejected('invalid', 'invalid_encoding', "the record's value is not UTF-8");

function planned(wanted: string) {
  const headers = { source: 'crm', receivedAt: '2026-01-01T00:00:00.000Z' };
  return planRecord(
    '{"type":"track"}',
    { headers, corrupt: false, fault: FAULT },
    {
      destination: 'braze',
      wants: (source) => source === wanted,
      route: () => ({ status: 'wanted', warnings: [] }),
      transform: () => {
        throw new Error('transformed');
      },
    },
  );
}

test('a fault that was found when the record was read is its outcome', () => {
  expect(planned('crm')).toEqual(FAULT);
});

test('no destination has letters of a source that it does not want', () => {
  expect(planned('shop')).toMatchObject({ status: 'filtered', code: 'source_not_connected' });
});
