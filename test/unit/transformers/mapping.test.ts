/** Reading paths. */
import { describe, expect, it } from 'vitest';
import { compilePath } from '../../../transformers/mapping.ts';

describe('compilePath', () => {
  it('reads nested objects and literal dotted keys, the literal one first', () => {
    const read = compilePath('a.b');
    expect(read({ a: { b: 1 } })).toBe(1);
    expect(read({ a: { b: 1 }, 'a.b': 2 })).toBe(2);
    expect(read({ a: 'text' })).toBeUndefined();
    expect(read({ a: null })).toBeUndefined();
  });

  it('sees nothing of the prototype', () => {
    expect(compilePath('constructor')({})).toBeUndefined();
    expect(compilePath('a.toString')({ a: {} })).toBeUndefined();
  });
});
