import { expect, test } from 'vitest';
import { createShared } from '../../../../src/log/kafka/letters-shared.ts';

test('what letters have in common is held once, and let go with the last of them', () => {
  const shared = createShared<object>();
  const [first, second] = [{}, {}];
  expect(shared.take('a', first)).toBe(first);
  expect(shared.take('a', second)).toBe(first);
  expect([...shared.values()]).toEqual([first]);
  shared.drop('a');
  expect([...shared.values()]).toHaveLength(1);
  shared.drop('a');
  shared.drop('a');
  expect([...shared.values()]).toEqual([]);
  expect(shared.take('a', second)).toBe(second);
});
