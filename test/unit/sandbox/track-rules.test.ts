import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/sandbox/json.ts';
import { judgeTrack } from '../../../src/sandbox/track-rules.ts';
import { createWorkspace } from '../../../src/sandbox/workspace.ts';

const NOW = Date.parse('2026-11-22T12:00:00.000Z');
const TIME = '2026-11-20T10:00:00Z';

function judge(body: JsonObject, bodyBytes = 1000) {
  const { reply, changes } = judgeTrack(
    body,
    { nowMs: NOW, bodyBytes, workspace: createWorkspace() },
    'combined',
  );
  return { status: reply.status, body: JSON.parse(reply.body), changes };
}

/** The error of the only object of the request. */
function errorOf(array: 'attributes' | 'events' | 'purchases', object: JsonObject): unknown {
  const { status, body } = judge({ [array]: [object] });
  expect(status).toBe('errors' in body ? 400 : 201);
  return body.errors?.[0]?.type;
}

const event = (more: JsonObject = {}): JsonObject => ({
  external_id: 'u1',
  name: 'Seen',
  time: TIME,
  ...more,
});
const purchase = (more: JsonObject = {}): JsonObject => ({
  external_id: 'u1',
  product_id: 'p1',
  currency: 'EUR',
  price: 9.5,
  time: TIME,
  ...more,
});
const many = (count: number) => Array.from({ length: count }, () => ({ external_id: 'u1' }));

describe('identifiers', () => {
  const REQUIRED = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";
  const ONE = "only one of 'external_id', 'braze_id' and 'user_alias' is allowed";
  const alias = { alias_name: 'a', alias_label: 'l' };
  it.each<[JsonObject, string | undefined]>([
    [{}, REQUIRED],
    [{ external_id: '' }, REQUIRED],
    [{ external_id: null }, REQUIRED],
    [{ external_id: 'u1' }, undefined],
    [{ external_id: 17 }, undefined],
    [{ external_id: ['u1'] }, "'external_id' is not valid"],
    [{ braze_id: 'b1' }, undefined],
    [{ email: 'a@b.co' }, undefined],
    [{ phone: '+4930123' }, undefined],
    [{ user_alias: alias }, undefined],
    [{ user_alias: { alias_name: 'a' } }, "'user_alias' is not valid"],
    [{ user_alias: { alias_label: 'l', alias_name: 7 } }, "'user_alias' is not valid"],
    [{ external_id: 'u1', user_alias: alias }, ONE],
    [{ external_id: 'u1', braze_id: 'b1' }, ONE],
    [{ external_id: 'u1', email: 'a@b.co', phone: '1' }, undefined],
    [{ external_id: 'x'.repeat(987) }, undefined],
    [{ external_id: 'x'.repeat(988) }, "'external_id' must be fewer than 988 bytes"],
    [{ external_id: 'ü'.repeat(493) }, undefined],
    [{ external_id: 'ü'.repeat(494) }, "'external_id' must be fewer than 988 bytes"],
  ])('%j → %s', (object, expected) => {
    expect(errorOf('attributes', object)).toBe(expected);
  });
});

describe('attributes', () => {
  const BAD_EMAIL = "The value provided for the 'email' field is not a valid email.";
  it.each<[JsonObject, string | undefined]>([
    [{ email: 'a@b.co' }, undefined],
    [{ email: null }, undefined],
    [{ email: '' }, BAD_EMAIL],
    [{ email: 'a@b' }, BAD_EMAIL],
    [{ email: 'a b@c.de' }, BAD_EMAIL],
    [{ email: 5 }, BAD_EMAIL],
    [{ email_subscribe: 'opted_in' }, undefined],
    [{ email_subscribe: 'yes' }, "'email_subscribe' is not valid"],
    [{ push_subscribe: true }, "'push_subscribe' is not valid"],
    [{ current_location: { longitude: 1, latitude: 2.5 } }, undefined],
    [{ current_location: { longitude: 1 } }, "'current_location' is not valid"],
    [{ push_tokens: 'x' }, "'push_tokens' is not valid"],
    [{ subscription_groups: [{ subscription_group_id: 'g', subscription_state: 'subscribed' }] }, undefined],
    [
      { subscription_groups: [{ subscription_group_id: 'g', subscription_state: 'opted_in' }] },
      "'subscription_groups' is not valid",
    ],
  ])('%j → %s', (more, expected) => {
    expect(errorOf('attributes', { external_id: 'u1', ...more })).toBe(expected);
  });
});

describe('events', () => {
  it.each<[JsonObject, string | undefined]>([
    [{}, undefined],
    [{ name: null }, "'name' is required"],
    [{ name: '' }, "'name' is not valid"],
    [{ name: 7 }, "'name' is not valid"],
    [{ time: null }, "'time' is required"],
    [{ time: 'yesterday' }, "'time' is not valid"],
    [{ time: 1_700_000_000 }, "'time' is not valid"],
    [{ properties: null }, undefined],
    [{ properties: [] }, "'properties' is not valid"],
    [{ properties: { '': 1 } }, "'properties' is not valid"],
    [{ properties: { $x: 1 } }, "'properties' is not valid"],
    [{ properties: { ['n'.repeat(255)]: 1 } }, undefined],
    [{ properties: { ['n'.repeat(256)]: 1 } }, "'properties' is not valid"],
    [{ properties: { time: 1 } }, "The property 'time' is reserved"],
    [{ properties: { event_name: 1 } }, "The property 'event_name' is reserved"],
    [{ properties: { price: 1, currency: 'EUR' } }, undefined],
  ])('%j → %s', (more, expected) => {
    expect(errorOf('events', event(more))).toBe(expected);
  });

  it('sets a time in the future to now and leaves one in the past as sent', () => {
    const { changes } = judge({ events: [event({ time: '2027-01-01' }), event({ time: TIME })] });
    expect(changes.map((change) => 'object' in change && change.object.time)).toEqual([
      '2026-11-22T12:00:00.000Z',
      TIME,
    ]);
  });

  it('keeps the first 256 properties', () => {
    const properties = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`p${index}`, index]));
    const [change] = judge({ events: [event({ properties })] }).changes;
    const kept = change !== undefined && 'object' in change ? change.object.properties : {};
    expect(Object.keys(kept as object)).toEqual(Object.keys(properties).slice(0, 256));
  });

  it('rejects more than 100 KB of properties where any value is nested, and only there', () => {
    const flat = { text: 'x'.repeat(101 * 1024) };
    const nested = { ...flat, list: [1] };
    const types = [flat, nested].map(
      (properties) => judge({ events: [event({ properties })] }, 200_000).body.errors?.[0].type,
    );
    expect(types).toEqual([undefined, "'properties' must be at most 100 KB"]);
  });
});

describe('purchases', () => {
  it.each<[JsonObject, string | undefined]>([
    [{}, undefined],
    [{ price: -3 }, undefined],
    [{ price: 0 }, undefined],
    [{ product_id: null }, "'product_id' is required"],
    [{ product_id: 17 }, undefined],
    [{ product_id: 'p'.repeat(256) }, "'product_id' is not valid"],
    [{ currency: null }, "'currency' is required"],
    [{ currency: 'eur' }, undefined],
    [{ currency: 'EURO' }, "'currency' is not valid"],
    [{ currency: 'QQQ' }, "'currency' is not valid"],
    [{ price: null }, "'price' is required"],
    [{ price: '9.5' }, "'price' is not valid"],
    [{ time: null }, "'time' is required"],
    [{ quantity: 1 }, undefined],
    [{ quantity: 100 }, undefined],
    [{ quantity: 101 }, "'quantity' is not valid"],
    [{ quantity: 0 }, "'quantity' is not valid"],
    [{ quantity: 1.5 }, "'quantity' is not valid"],
    [{ quantity: '2' }, "'quantity' is not valid"],
    [{ properties: { price: 1 } }, "The property 'price' is reserved"],
    [{ properties: { color: 'red' } }, undefined],
  ])('%j → %s', (more, expected) => {
    expect(errorOf('purchases', purchase(more))).toBe(expected);
  });
});

describe('a track request', () => {
  it('counts what is valid per array and leaves the counts of empty arrays out', () => {
    const { status, body } = judge({ attributes: many(2), events: [], purchases: [purchase()] });
    expect({ status, body }).toEqual({
      status: 201,
      body: { attributes_processed: 2, purchases_processed: 1, message: 'success' },
    });
  });

  it('queues the good objects of a mixed request and names the others by their place in the array sent', () => {
    const { status, body, changes } = judge({ attributes: [{}], events: [event(), {}, event(), 'x'] });
    const REQUIRED = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";
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

  it('answers 400 with the errors when nothing is valid, and without errors when nothing was sent', () => {
    const message = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields.";
    expect(judge({})).toEqual({ status: 400, body: { message }, changes: [] });
    expect(judge({ events: [{ external_id: 'u1', time: TIME }] })).toEqual({
      status: 400,
      body: { message, errors: [{ type: "'name' is required", input_array: 'events', index: 0 }] },
      changes: [],
    });
  });

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
    const context = { nowMs: NOW, bodyBytes: 1, workspace: createWorkspace() };
    expect(judgeTrack({ attributes: many(75), events }, context, 'perArray').reply.status).toBe(201);
    expect(judgeTrack({ attributes: many(76), events }, context, 'perArray').reply.status).toBe(400);
  });

  it('turns away an array that is none', () => {
    expect(judge({ events: event() }).body).toEqual({ message: "'events' must be an array of objects" });
  });
});
