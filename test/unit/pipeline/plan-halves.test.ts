import { describe, expect, it } from 'vitest';
import type { Half } from '../../../src/model/halves.ts';
import { planRecord } from '../../../src/pipeline/plan.ts';
import { createTransform } from '../../../transformers/transform.ts';

const IDENTIFY = {
  type: 'identify',
  messageId: 'm',
  userId: 'u',
  anonymousId: 'a',
  traits: { email: 'a@b.example' },
};
const ALIAS = { type: 'alias', messageId: 'm', userId: 'u', previousId: 'p' };

/** Parts of the plan, or its code. */
function planned(event: object, half: Half, settings = {}): unknown {
  const headers = { source: 'shop', receivedAt: '2026-01-01T00:00:00.000Z', half };
  const plan = planRecord(
    JSON.stringify(event),
    { headers, corrupt: false },
    {
      destination: 'braze',
      wants: () => true,
      route: () => ({ status: 'wanted', warnings: [] }),
      transform: createTransform(settings),
    },
  );
  return plan.status === 'operations' ? plan.operations.map(({ part }) => part) : plan.code;
}

describe('an event in halves', () => {
  it('sends each operation of an identify from exactly one of its records', () => {
    expect(planned(IDENTIFY, 'link')).toEqual(['identify:0']);
    expect(planned(IDENTIFY, 'rest')).toEqual(['attributes:0']);
  });

  it.each<[object, Half, unknown]>([
    [{}, 'link', ['alias:0', 'identify:0']],
    [{}, 'merge', 'other_half'],
    [{ aliasCall: 'merge' }, 'link', 'other_half'],
    [{ aliasCall: 'merge' }, 'merge', ['merge:0']],
  ])('with %j the half %s of an alias gives %j', (settings, half, expected) => {
    expect(planned(ALIAS, half, settings)).toEqual(expected);
  });

  it('tells once what is wrong with the event', () => {
    const long = 'x'.repeat(1000);
    expect(planned({ ...IDENTIFY, userId: long }, 'link')).toBe('other_half');
    expect(planned({ ...IDENTIFY, userId: long }, 'rest')).not.toBe('other_half');
    expect(planned({ ...ALIAS, previousId: 'u' }, 'merge')).toBe('other_half');
    expect(planned({ ...ALIAS, previousId: 'u' }, 'link')).toBe('nothing_to_send');
  });
});

it('a record that is a repeat sends nothing', () => {
  const headers = { source: 'shop', receivedAt: '2026-01-01T00:00:00.000Z' };
  const plan = planRecord(
    JSON.stringify(IDENTIFY),
    { headers, corrupt: false, duplicate: true },
    {
      destination: 'braze',
      wants: () => true,
      route: () => ({ status: 'wanted', warnings: [] }),
      transform: createTransform({}),
    },
  );
  expect(plan).toMatchObject({ status: 'filtered', code: 'duplicate' });
});
