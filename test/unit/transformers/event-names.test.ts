/** Event rules: renamed or dropped by name. */
import { describe, expect, it } from 'vitest';
import { createEventNames } from '../../../transformers/event-names.ts';

const nameOf = createEventNames([
  { name: 'Purchase Done', rename: 'Order Completed' },
  { name: 'purchase done', rename: 'lower' },
  { name: ' Noise ', drop: true },
  { name: 'Order Completed', rename: 'Never Twice' },
  { name: 'Order Completed', drop: true },
  { name: 'constructor', rename: 'built' },
  { name: 'Kept' },
]);

describe('createEventNames', () => {
  it('leaves every name alone when there are no rules', () => {
    expect(createEventNames(undefined)('Noise')).toBe('Noise');
    expect(createEventNames([])(' a ')).toBe(' a ');
  });

  it.each([
    ['Purchase Done', 'Order Completed'],
    ['purchase done', 'lower'],
    [' PURCHASE DONE', 'Order Completed'],
    ['Order Completed', 'Never Twice'],
    ['constructor', 'built'],
    ['toString', 'toString'],
    [' Other ', ' Other '],
    ['Kept', 'Kept'],
  ])('%j goes on as %j: exact before folded, the first rule, once', (name, expected) => {
    expect(nameOf(name)).toBe(expected);
  });

  it.each(['Noise', 'NOISE', ' Noise '])('filters %j', (name) => {
    expect(nameOf(name)).toMatchObject({ status: 'filtered', code: 'event_dropped' });
  });
});
