/** Which properties go out as they stand in the event's text, and that no others are taken for the event's own. */
import { describe, expect, it } from 'vitest';
import { CUT_MARK } from '../../../src/model/plain-event.ts';
import { decode } from '../../../src/pipeline/decode.ts';
import { cutProperties } from '../../../transformers/plain-properties.ts';

const record = { headers: { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' }, corrupt: false };
const LONGEST = 'x'.repeat(255);

function textWith(properties: string): string {
  return `{"type":"track","userId":"u","event":"e","properties":${properties},"context":{"a":[1]}}`;
}

function decoded(text: string) {
  const result = decode(text, record, cutProperties);
  if (result.status !== 'decoded') throw new Error(result.code);
  return result.event;
}

describe('properties are cut out of the text', () => {
  it.each([
    '{}',
    '{"a":"b","c":1,"d":-2.5,"e":true,"f":false,"g":null}',
    '{"list":[],"lists":[[1],["a",{}]],"object":{"time":1,"":{"deep":[0]}}}',
    '{"n":0,"o":-0.5,"p":0.000001,"q":123456789.123456,"r":999999999999999,"s":-10}',
    '{"Größe":"Zürich 🔥","times":"time"}',
    `{"${LONGEST}":"${LONGEST}"}`,
    `{${Array.from({ length: 256 }, (_, index) => `"p${index}":${index}`)}}`,
  ])('when they need no change: %.60s', (properties) => {
    const cut = cutProperties(textWith(properties));
    expect(cut?.properties).toBe(properties);
    expect(JSON.parse(cut?.rest ?? '')).toEqual({ ...JSON.parse(textWith('0')), properties: CUT_MARK });
    expect(decoded(textWith(properties))).toMatchObject({
      plainProperties: properties,
      properties: JSON.parse(properties),
    });
  });

  it.each([
    ['white space', '{"a": 1}'],
    ['an escape', '{"a":"\\u00e9"}'],
    ['an escape in a name', '{"a\\n":1}'],
    ['a fraction of zero', '{"a":1.0}'],
    ['a fraction that ends in zero', '{"a":1.50}'],
    ['an exponent', '{"a":1e3}'],
    ['minus zero', '{"a":-0}'],
    ['too many digits', '{"a":1234567890123456}'],
    ['too fine a fraction', '{"a":0.0000001}'],
    ['a name that Braze keeps for itself', '{"b":1,"time":1}'],
    ['the other one', '{"event_name":1}'],
    ['a name that Braze refuses', '{"$a":1}'],
    ['an empty name', '{"":1}'],
    ['a long name', `{"${LONGEST}x":1}`],
    ['a long text', `{"a":1,"b":{"c":"${LONGEST}x"}}`],
    ['a long text at the end', `{"a":["${LONGEST}x"]}`],
    ['nesting below the third level', '{"a":[[[[]]]]}'],
    ['too many', `{${Array.from({ length: 257 }, (_, index) => `"p${index}":${index}`)}}`],
    ['half a character', '{"a":"\ud800"}'],
  ])('but not with %s', (_, properties) => {
    expect(cutProperties(textWith(properties))).toBeUndefined();
    expect(decoded(textWith(properties)).properties).toEqual(JSON.parse(properties));
  });

  it.each([
    '{"a":1,}',
    '{,"a":1}',
    '{"a":[1,]}',
    '{"a":[,1]}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":-}',
    '{"a":"b\n"}',
    '{"a"}',
    '{"a":1 "b":2}',
    '{"a":[1}]',
    '{"a":truefalse}',
  ])('but not when they are no JSON: %s', (properties) => {
    expect(cutProperties(textWith(properties))).toBeUndefined();
    expect(decode(textWith(properties), record, cutProperties)).toMatchObject({ code: 'invalid_json' });
  });

  it.each([
    ['in the context', '{"type":"track","userId":"u","context":{"properties":{"a":1}},"properties":{"b":2}}'],
    ['in the context, its own being null', '{"type":"track","userId":"u","context":{"properties":{"a":1}}}'],
    ['that come first of two', '{"type":"track","userId":"u","properties":{"a":1},"properties":{"b":2}}'],
    ['in a name', '{"type":"track","userId":"u","x\\"properties":{"a":1},"properties":{"b":2}}'],
    ['in a text', '{"type":"track","userId":"\\"properties\\":{}","properties":{"b":2}}'],
  ])('and properties %s are not taken for the event’s own', (_, text) => {
    const raw = JSON.parse(text);
    expect(decoded(text)).toMatchObject({ userId: raw.userId, properties: raw.properties ?? {} });
  });

  it('and the rest is read as it would be whole', () => {
    for (const text of [`${textWith('{"a":1}')}}`, textWith('{"a":1')]) {
      expect(decode(text, record, cutProperties)).toMatchObject({ code: 'invalid_json' });
    }
    const cut = decoded(textWith('{"a":1}'));
    const { properties, ...others } = decoded(textWith('{ "a":1}'));
    expect(cut).toMatchObject(others);
    expect(cut.properties).toEqual(properties);
  });

  it('at any length without an error', () => {
    const long = textWith(`{"a":[${Array.from({ length: 200_000 }, (_, index) => index)}x]}`);
    expect(cutProperties(long)).toBeUndefined();
    const short = textWith(`{"a":[${Array.from({ length: 10_000 }, () => '"b"')}x]}`);
    expect(cutProperties(short)).toBeUndefined();
  });
});
