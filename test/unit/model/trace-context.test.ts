import { describe, expect, it } from 'vitest';
import { formatTraceparent, isTraceparent, parseTraceparent } from '../../../src/model/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('a traceparent', () => {
  it.each([
    ['01', true],
    ['00', false],
    ['03', true],
    ['fe', false],
  ])('is read, with the flags %s', (flags, isSampled) => {
    const expected = { traceId: TRACE, spanId: SPAN, isSampled };
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`)).toEqual(expected);
  });

  it('of a later version is read as far as it is known', () => {
    const expected = { traceId: TRACE, spanId: SPAN, isSampled: true };
    expect(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`)).toEqual(expected);
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01`)).toEqual(expected);
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-011`,
    `01-${TRACE}-${SPAN}-01more`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
    `01-${TRACE}-${SPAN}-01-${'x'.repeat(100)}`,
  ])('is none: %j', (text) => {
    expect(isTraceparent(text)).toBe(false);
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it.each([true, false])('is written as it is read, sampled: %s', (isSampled) => {
    const context = { traceId: TRACE, spanId: SPAN, isSampled };
    expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
  });
});
