import { expect, it } from 'vitest';
import { createKeeper } from '../../../src/alerts/keeper.ts';

function rig() {
  const writes: PromiseWithResolvers<void>[] = [];
  const faults: unknown[] = [];
  const keeper = createKeeper(
    () => {
      const write = Promise.withResolvers<void>();
      writes.push(write);
      return write.promise;
    },
    (error) => faults.push(error),
  );
  return { keeper, writes, faults };
}

it('has one write under way, and writes once more what was asked for meanwhile', async () => {
  const { keeper, writes } = rig();
  for (let message = 0; message < 10; message += 1) keeper.keep();
  expect(writes).toHaveLength(1);
  let isIdle = false;
  const idle = keeper.idle().then(() => {
    isIdle = true;
  });
  writes[0]?.resolve();
  await expect.poll(() => writes.length).toBe(2);
  expect(isIdle).toBe(false);
  writes[1]?.resolve();
  await idle;
  keeper.keep();
  expect(writes).toHaveLength(3);
});

it('goes on after a fault, which is told', async () => {
  const { keeper, writes, faults } = rig();
  keeper.keep();
  writes[0]?.reject(new Error('full'));
  await keeper.idle();
  expect(faults).toEqual([new Error('full')]);
  keeper.keep();
  expect(writes).toHaveLength(2);
});
