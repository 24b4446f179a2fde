import { expect, it } from 'vitest';
import { createTurns, TurnsClosed } from '../../../src/app/turns.ts';

it('one after the other, also after one that failed', async () => {
  const turns = createTurns();
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const first = turns.take(async () => {
    await gate.promise;
    order.push('first');
    throw new Error('no');
  });
  const second = turns.take(async () => {
    order.push('second');
    return 2;
  });
  gate.resolve();
  await expect(first).rejects.toThrow('no');
  expect(await second).toBe(2);
  expect(order).toEqual(['first', 'second']);
});

it('closed they end the one under way and refuse the rest', async () => {
  const turns = createTurns();
  const gate = Promise.withResolvers<void>();
  let done = false;
  const first = turns.take(async () => {
    await gate.promise;
    done = true;
  });
  const second = turns.take(async () => {});
  second.catch(() => undefined);
  await Promise.resolve();
  const closed = turns.close();
  gate.resolve();
  await closed;
  expect(done).toBe(true);
  await first;
  await expect(second).rejects.toThrow(TurnsClosed);
  await expect(turns.take(async () => {})).rejects.toThrow('stopping');
});
