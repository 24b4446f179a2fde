/** A group that does not get on ends its process, on a real broker; one that has nothing to do does not. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';
import { openReader, produce } from './session-rig.ts';

const WITHIN = { timeout: 60_000, interval: 20 };
const STUCK_MS = 3_000;

describeKafka('a session', () => {
  let scratch: KafkaScratch;
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  test('that cannot begin to read is fatal when there is something to read, and only then', async () => {
    const [full, empty] = [await scratch.topic(), await scratch.topic()];
    await produce(scratch, full, { count: 1 });
    const hang = (topic: string) =>
      openReader(scratch, {
        topic,
        groupId: scratch.groupId(),
        stuckMs: STUCK_MS,
        prepare: (_places, lost) => new Promise((resolve) => lost.addEventListener('abort', () => resolve())),
      });
    const [stuck, idle] = [hang(full), hang(empty)];
    const done = openReader(scratch, {
      topic: full,
      groupId: scratch.groupId(),
      stuckMs: STUCK_MS,
      settles: true,
    });
    await vi.waitFor(() => expect(stuck.fatals).toHaveLength(1), WITHIN);
    expect(stuck.fatals[0]?.message).toContain(
      `has not begun to read, and ${full}/0 ends at 1 and stands at 0`,
    );
    expect([idle.fatals, done.fatals, done.offsets()]).toEqual([[], [], [0]]);
    await Promise.all([stuck, idle, done].map((reader) => reader.leave()));
  });
});
