import { describe, expect, it } from 'vitest';
import { judgeTrack } from '../../../src/sandbox/track-rules.ts';
import { createWorkspace } from '../../../src/sandbox/workspace.ts';
import { event, judge, NOW, purchase, TIME } from './judging.ts';

const REQUIRED = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";
const many = (count: number) => Array.from({ length: count }, () => ({ external_id: 'u1' }));

it('rule 31: nothing valid is a 400 with the errors, and nothing sent a 400 without', () => {
  const message = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";
  expect(judge({})).toEqual({ status: 400, body: { message }, changes: [] });
  expect(judge({ events: [{ external_id: 'u1', time: TIME }] })).toEqual({
    status: 400,
    body: { message, errors: [{ type: "'name' is required", input_array: 'events', index: 0 }] },
    changes: [],
  });
});

it('rule 32: the good objects are queued, the others named by their place in the array sent', () => {
  const { status, body, changes } = judge({ attributes: [{}], events: [event(), {}, event(), 'x'] });
  expect(status).toBe(201);
  expect(body).toEqual({
    events_processed: 2,
    message: 'success',
    errors: [
      { type: REQUIRED, input_array: 'attributes', index: 0 },
      { type: REQUIRED, input_array: 'events', index: 1 },
      { type: REQUIRED, input_array: 'events', index: 3 },
    ],
  });
  expect(changes).toHaveLength(2);
});

it('rule 32: what is valid is counted per array, and the counts of empty arrays are absent', () => {
  const { status, body } = judge({ attributes: many(2), events: [], purchases: [purchase()] });
  expect({ status, body }).toEqual({
    status: 201,
    body: { attributes_processed: 2, purchases_processed: 1, message: 'success' },
  });
});

describe('a track request', () => {
  it('applies attributes, then events, then purchases, whatever their order in the body', () => {
    const { changes } = judge({ purchases: [purchase()], events: [event()], attributes: many(1) });
    expect(changes.map((change) => change.kind)).toEqual(['attributes', 'events', 'purchases']);
  });

  it('takes 75 objects in all and turns 76 away as a whole', () => {
    const events = [event()];
    expect(judge({ attributes: many(74), events }).status).toBe(201);
    expect(judge({ attributes: many(75), events })).toEqual({
      status: 400,
      body: { message: 'Max Input Length Exceeded' },
      changes: [],
    });
  });

  it('takes 75 of each kind where the contract counts per array', () => {
    const events = Array.from({ length: 75 }, () => event());
    const context = { nowMs: Date.parse(NOW), bodyBytes: 1, workspace: createWorkspace() };
    expect(judgeTrack({ attributes: many(75), events }, context, 'perArray').reply.status).toBe(201);
    expect(judgeTrack({ attributes: many(76), events }, context, 'perArray').reply.status).toBe(400);
  });

  it('turns away an array that is none', () => {
    expect(judge({ events: event() }).body).toEqual({ message: "'events' must be an array of objects" });
  });
});
