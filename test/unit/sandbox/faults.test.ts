import { describe, expect, it } from 'vitest';
import { type FaultRule, readFaultRules } from '../../../src/sandbox/fault-rules.ts';
import { createFaults } from '../../../src/sandbox/faults.ts';
import type { Json } from '../../../src/sandbox/json.ts';

const TRACK = '/users/track';

function armed(...rules: FaultRule[]) {
  const faults = createFaults(1);
  faults.add(rules);
  return faults;
}

describe('picking a fault', () => {
  it('takes the first rule that matches, until its times are used up', () => {
    const faults = armed(
      { match: { path: '/users/merge' }, do: { status: 500 } },
      { match: { path: TRACK }, times: 2, do: { status: 429 } },
      { do: { status: 503 } },
    );
    const statuses = [1, 2, 3].map(() => faults.pick(TRACK, {})?.status);
    expect(statuses).toEqual([429, 429, 503]);
  });

  it('asks rules that were added later after the earlier ones, and none after they were cleared', () => {
    const faults = armed({ times: 1, do: { status: 500 } });
    faults.add([{ do: { status: 503 } }]);
    expect([faults.pick(TRACK, {})?.status, faults.pick(TRACK, {})?.status]).toEqual([500, 503]);
    faults.clear();
    expect(faults.pick(TRACK, {})).toBeUndefined();
  });

  it.each<[string, Json, boolean]>([
    ['an event', { events: [{ external_id: 'x' }, { external_id: 'u1' }] }, true],
    ['an identify', { aliases_to_identify: [{ external_id: 'u1' }] }, true],
    [
      'a merge',
      { merge_updates: [{ identifier_to_merge: {}, identifier_to_keep: { external_id: 'u1' } }] },
      true,
    ],
    ['a subscription', { subscription_groups: [{ external_ids: ['u1'] }] }, true],
    ['a delete or an export', { external_ids: ['u1'] }, true],
    ['a rename', { external_id_renames: [{ current_external_id: 'u1', new_external_id: 'u2' }] }, true],
    ['the first version of a subscription', { external_id: 'u1' }, true],
    ['somebody else', { events: [{ external_id: 'u10' }] }, false],
    ['no object', null, false],
  ])('finds the external id in %s', (_what, body, isHit) => {
    const faults = armed({ match: { externalId: 'u1' }, do: { status: 500 } });
    expect(faults.pick(TRACK, body) !== undefined).toBe(isHit);
  });

  it('strikes with the probability given, the same way for the same seed', () => {
    const strikes = (seed: number) => {
      const faults = createFaults(seed);
      faults.add([{ probability: 0.25, do: { status: 500 } }]);
      return Array.from({ length: 2000 }, () => faults.pick(TRACK, {}) !== undefined);
    };
    expect(strikes(7)).toEqual(strikes(7));
    expect(strikes(7)).not.toEqual(strikes(8));
    const share = strikes(7).filter(Boolean).length / 2000;
    expect(share).toBeGreaterThan(0.22);
    expect(share).toBeLessThan(0.28);
  });

  it('goes on to the next rule when the dice of one fall wrong, and keeps its times', () => {
    const faults = armed({ probability: 0, times: 1, do: { status: 500 } }, { do: { status: 503 } });
    expect(faults.pick(TRACK, {})?.status).toBe(503);
  });
});

describe('reading fault rules', () => {
  it('takes every member there is', () => {
    const rules: Json = [
      {
        match: { path: TRACK, externalId: 'u1' },
        times: 3,
        probability: 0.5,
        do: {
          status: 503,
          headers: { 'retry-after': '1' },
          body: { a: 1 },
          delayMs: 5,
          trickleMs: 5,
          queued: true,
          reset: 'after',
          hang: true,
        },
      },
      { match: {}, do: {} },
    ];
    expect(readFaultRules(rules)).toEqual(rules);
  });

  it.each<[Json, string]>([
    [{}, 'faults: expected a JSON array of rules'],
    [['x'], 'faults[0]: expected an object'],
    [[{ match: {} }], 'faults[0].do: is required'],
    [[{ do: {} }, { do: { status: 99 } }], 'faults[1].do.status: expected an integer from 200 to 599'],
    [[{ do: { status: '500' } }], 'faults[0].do.status: expected an integer from 200 to 599'],
    [[{ do: { headers: { a: 1 } } }], 'faults[0].do.headers: expected an object of header names and strings'],
    [
      [{ do: { headers: { a: 'b\r\nc: d' } } }],
      'faults[0].do.headers: expected an object of header names and strings',
    ],
    [[{ do: { delayMs: -1 } }], 'faults[0].do.delayMs: expected a number of milliseconds from 0 to 86400000'],
    [
      [{ do: { trickleMs: 1e9 } }],
      'faults[0].do.trickleMs: expected a number of milliseconds from 0 to 86400000',
    ],
    [[{ do: { queued: 'yes' } }], 'faults[0].do.queued: expected true or false'],
    [[{ do: { reset: 'now' } }], 'faults[0].do.reset: expected "before" or "after"'],
    [[{ do: { hang: 1 } }], 'faults[0].do.hang: expected true or false'],
    [[{ do: {}, times: 0 }], 'faults[0].times: expected an integer of 1 or more'],
    [[{ do: {}, probability: 2 }], 'faults[0].probability: expected a number from 0 to 1'],
    [[{ do: {}, match: { user: 'u1' } }], 'faults[0].match.user: unknown, expected one of path, externalId'],
    [[{ do: {}, match: { path: 1 } }], 'faults[0].match.path: expected a string'],
  ])('names the field that is wrong in %j', (rules, problem) => {
    expect(readFaultRules(rules)).toBe(problem);
  });
});
