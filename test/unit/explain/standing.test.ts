import { describe, expect, it } from 'vitest';
import type { ShownRequest } from '../../../src/explain/requests.ts';
import { type Known, standingOf } from '../../../src/explain/standing.ts';
import type { DeadLetter } from '../../../src/model/dead-letter.ts';
import type { Operation } from '../../../src/model/operation.ts';
import { filtered, rejected } from '../../../src/model/outcome.ts';
import type { Plan } from '../../../src/pipeline/plan.ts';

function operation(part: string): Operation {
  return { kind: 'event', keys: ['external_id:u'], text: '{}', bytes: 2, part };
}

const PLAN: Plan = {
  status: 'operations',
  operations: [operation('event:0'), operation('event:1')],
  warnings: [],
};

function request(parts: string[], status: number | null, more: Partial<ShownRequest> = {}): ShownRequest {
  const attempts = [{ at: '', durationMs: 1, status, what: 'final', objects: 1 }];
  const ended = { state: 'ended' as const, attempts, attemptCount: 1, inDoubt: false };
  return { id: 1, at: '', endpoint: '/users/track', parts, objects: 1, ...ended, ...more };
}

const both = ['event:0', 'event:1'];
const letter: DeadLetter = {
  id: 'braze/t/0/1',
  destination: 'braze',
  at: 0,
  position: 't/0/1',
  record: { key: '', value: new Uint8Array(), headers: { source: 's', receivedAt: '' }, timestamp: 0 },
  outcome: rejected('refused', 'braze_refused', 'no'),
  undelivered: [{ part: 'event:1', outcome: rejected('refused', 'braze_refused', 'no') }],
};

const waiting: Known = { plan: PLAN, requests: [], letter: undefined, hasPlace: true, isDone: false };
const stateOf = (known: Partial<Known>) => standingOf({ ...waiting, ...known }).state;

describe('where a record stands', () => {
  it.each<[string, Partial<Known>]>([
    ['waiting', {}],
    ['waiting', { requests: [request(['event:0'], 201)] }],
    ['waiting', { requests: [request(both, null)] }],
    ['under_way', { requests: [request(both, 500), request(both, null, { state: 'under_way' })] }],
    ['delivered', { requests: [request(both, 201)] }],
    ['delivered', { requests: [request(['event:0'], 201), request(['event:1'], 202)] }],
    ['delivered', { requests: [request(['event:0'], 201)], isDone: true }],
    ['letter_gone', { requests: [request(both, 400)], isDone: true }],
    ['letter_gone', { plan: rejected('invalid', 'a', 'b'), isDone: true }],
    ['waiting', { plan: rejected('invalid', 'a', 'b') }],
    ['filtered', { plan: filtered('a', 'b') }],
    ['delivered', { plan: filtered('a', 'b'), requests: [request(both, 201)], isDone: true }],
    ['done', { isDone: true }],
    ['no_place', { hasPlace: false }],
    ['no_place', { hasPlace: false, requests: [request(['event:0'], 201)] }],
    ['dead_letter', { letter, requests: [request(both, 201)] }],
  ])('is %s with %j', (state, known) => {
    expect(stateOf(known)).toBe(state);
  });

  it('names the letter, its code and what was not delivered', () => {
    expect(standingOf({ ...waiting, letter })).toEqual({
      state: 'dead_letter',
      letter: 'braze/t/0/1',
      kind: 'refused',
      code: 'braze_refused',
      undelivered: ['event:1'],
      mayHaveCountedTwice: false,
    });
  });

  it('says that it may have counted twice whatever became of it in the end', () => {
    const doubtful = [request(both, null, { inDoubt: true }), request(both, 201)];
    expect(standingOf({ ...waiting, requests: doubtful }).mayHaveCountedTwice).toBe(true);
    expect(standingOf({ ...waiting, requests: doubtful, letter }).mayHaveCountedTwice).toBe(true);
  });
});
