/** From what a sender wrote to the event, and what is turned away at the door. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { checkEvent, normalise } from '../../../src/model/normalise.ts';

const HEADERS = { source: 'shop', receivedAt: '2026-05-01T12:00:00.000Z' };

describe('checkEvent', () => {
  it.each([
    [null, 'not_an_object'],
    ['text', 'not_an_object'],
    [[{}], 'not_an_object'],
    [{ userId: 'u1' }, 'missing_type'],
    [{ type: ' ', userId: 'u1' }, 'missing_type'],
    [{ type: 7, userId: 'u1' }, 'missing_type'],
    [{ type: 'track', userId: ' ' }, 'missing_identity'],
    [{ type: 'alias', previousId: 'p' }, 'missing_identity'],
  ])('%j is %s', (raw, code) => {
    expect(checkEvent(raw)).toMatchObject({ status: 'rejected', kind: 'invalid', code });
  });

  it('lets an unknown type pass: routing and transformers decide about it', () => {
    expect(checkEvent({ type: 'merge', userId: 'u1' })).toBeUndefined();
  });

  it('lets an unknown type pass that names nobody: no person would make it deliverable', () => {
    expect(checkEvent({ type: ' Record ' })).toBeUndefined();
    expect(checkEvent({}, 'constructor')).toBeUndefined();
  });

  it.each(['identify', 'track', 'page', 'screen', 'group', ' ALIAS '])('wants a person for %s', (type) => {
    expect(checkEvent({ type })).toMatchObject({ code: 'missing_identity' });
  });

  it('takes the type of a single-call route in place of one that is missing', () => {
    expect(checkEvent({ userId: 'u1' }, 'track')).toBeUndefined();
  });
});

describe('normalise', () => {
  it('forces the type of a single-call route', () => {
    const { event } = normalise({ type: 'page', userId: 'u1' }, { ...HEADERS, type: 'Track' });
    expect(event.type).toBe('track');
  });

  it.each([
    [' m1 ', 'm1'],
    [17, '17'],
    ['', 'made-up'],
    [{}, 'made-up'],
  ])('messageId %j becomes %s', (messageId, expected) => {
    const { event } = normalise({ type: 'track', messageId }, { ...HEADERS, messageId: 'made-up' });
    expect(event.messageId).toBe(expected);
  });

  it("puts the envelope's context and integrations under the event's own", () => {
    const envelope = JSON.stringify({
      context: { library: { name: 'java' }, ip: '192.0.2.1' },
      integrations: { All: false, BRAZE: false, Other: true },
    });
    const raw = { type: 'track', context: { ip: '192.0.2.2' }, integrations: { Braze: true } };
    const { event } = normalise(raw, { ...HEADERS, envelope });
    expect(event.context).toEqual({ library: { name: 'java' }, ip: '192.0.2.2' });
    expect(event.integrations).toEqual({ All: false, Other: true, Braze: true });
  });

  it('survives an envelope that is no JSON', () => {
    expect(normalise({ type: 'track' }, { ...HEADERS, envelope: '{' }).event.context).toEqual({});
  });

  it('makes objects of absent, null and empty-array members, and warns of what is no object', () => {
    const raw = {
      type: 'track',
      timestamp: HEADERS.receivedAt,
      traits: [],
      context: null,
      integrations: 'no',
    };
    const { event, warnings } = normalise(raw, HEADERS);
    expect([event.traits, event.context, event.properties, event.integrations]).toEqual([{}, {}, {}, {}]);
    expect(warnings).toMatchObject([{ code: 'invalid_field', path: 'integrations' }]);
  });

  it('warns of a doubtful time only where the time is sent', () => {
    const codes = (type: string) => normalise({ type }, HEADERS).warnings.map(({ code }) => code);
    expect(codes('track')).toEqual(['missing_time']);
    expect(codes('identify')).toEqual([]);
  });

  it('keeps `__proto__` as an ordinary member and changes no prototype', () => {
    const raw: JsonObject = JSON.parse('{"type":"track","context":{"__proto__":{"polluted":1}}}');
    const { event } = normalise(raw, { ...HEADERS, envelope: '{"context":{"__proto__":{"x":1},"a":1}}' });
    expect(JSON.stringify(event.context)).toBe('{"__proto__":{"polluted":1},"a":1}');
    expect(Object.getPrototypeOf(event.context)).toBe(Object.prototype);
    expect(({} as JsonObject).polluted).toBeUndefined();
  });
});
