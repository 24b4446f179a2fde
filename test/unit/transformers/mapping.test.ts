/** Compiling a table of fields. */
import { describe, expect, it } from 'vitest';
import { compileMapping, compilePath, type Target } from '../../../transformers/mapping.ts';

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

describe('compileMapping', () => {
  it('refuses a table that names an unknown conversion', () => {
    expect(() =>
      compileMapping({ fields: [{ field: 'f', path: 'p', convert: 'nope' }], dropped: [] }),
    ).toThrow('no conversion nope for field f');
  });

  it('counts what it wrote and complains with the path of what it left out', () => {
    const map = compileMapping({
      fields: [{ field: 'gender', path: 'sex', convert: 'gender' }],
      dropped: ['id'],
    });
    const target: Target = {};
    const complaints: string[] = [];
    const written = map({ sex: 'x', id: 1, other: null }, target, (path, { code }) =>
      complaints.push(`${path} ${code}`),
    );
    expect(target).toEqual({ other: null });
    expect(written).toBe(1);
    expect(complaints).toEqual(['sex unknown_gender', 'id reserved_trait']);
  });
});
