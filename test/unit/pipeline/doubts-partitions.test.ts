import { expect, it } from 'vitest';
import type { RequestNote } from '../../../src/log/log.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import { readDoubts } from '../../../src/pipeline/doubts.ts';
import type { Partition } from '../../../src/pipeline/progress-writer.ts';

const note = (id: number, partition: number): RequestNote => ({
  id,
  at: 1,
  endpoint: '/users/track',
  topic: 'brazier.events',
  partition,
  operations: [{ offset: 7, part: 'event:0' }],
});

const place = (partition: number) => ({
  partition: { topic: 'brazier.events', partition } as Partition,
  offset: 7,
});

it('a record in doubt is not taken for the one with its offset in another partition', async () => {
  const unfinished = [note(1, 0)];
  const log = { ...createMemoryLog(), unfinished: async () => unfinished, note: async () => undefined };
  const doubts = await readDoubts(log, 'braze', true);
  expect(doubts.heldOf(place(0))).toEqual(['event:0']);
  expect(doubts.heldOf(place(1))).toEqual([]);
  doubts.settled(place(1));
  expect(doubts.heldOf(place(0))).toEqual(['event:0']);
  doubts.settled(place(0));
  expect(doubts.heldOf(place(0))).toEqual([]);
});
