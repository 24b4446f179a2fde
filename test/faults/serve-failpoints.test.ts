/**
 * The real process is gone at a named point of a write: a library preloaded into it ends it there, as SIGKILL would.
 * Nothing in the process knows of these points.
 */
import { afterAll, describe, expect, test, vi } from 'vitest';
import { createFaultyDisks, type DiePoint, type FaultyDisk } from '../support/disk-fault.ts';
import { type Harness, type HarnessOptions, PATIENT, UNDER_WAY, underFire } from '../support/harness.ts';

const disks = createFaultyDisks();
afterAll(disks.remove);

const POINTS: readonly DiePoint[] = ['before-write', 'mid-write', 'after-write', 'before-sync', 'after-sync'];
const KILLED = 137;

function options(disk: FaultyDisk, more: HarnessOptions = {}): HarnessOptions {
  // What was delivered is deleted at once: in the very writes at which the process ends.
  const log = { retainHours: 0 };
  return { env: { ...disk.env }, log, mayDouble: () => UNDER_WAY, ...more };
}

/** Waits for the process to be gone, and starts the next one on an ordinary disk. */
async function next(harness: Harness, disk: FaultyDisk): Promise<void> {
  expect(await harness.server.exited).toBe(KILLED);
  disk.heal();
  await harness.killAndRestart();
}

/** A request is with Braze, which answers it in a while: until then nothing is written. */
async function withBraze({ sandbox, produce }: Harness, person: string): Promise<void> {
  const before = sandbox.requests().length;
  sandbox.addFaults([{ match: { path: '/users/track' }, times: 1, do: { delayMs: 1_000 } }]);
  await produce(person);
  await vi.waitFor(() => expect(sandbox.requests().length).toBeGreaterThan(before), PATIENT);
}

describe.skipIf(!disks.available)('a process that is gone', () => {
  test('row 2: at any point of an append loses nothing that was acknowledged', {
    timeout: 300_000,
  }, async () => {
    const disk = disks.create();
    const load = { batchesPerLane: Number.POSITIVE_INFINITY };
    await underFire(options(disk, { load }), async (harness) => {
      for (const point of POINTS) {
        const { size } = harness.producer.acknowledged;
        await vi.waitFor(
          () => expect(harness.producer.acknowledged.size).toBeGreaterThan(size + 100),
          PATIENT,
        );
        disk.dieAt(point, 1 + Math.floor(harness.dice() * 20));
        await next(harness, disk);
      }
      await harness.producer.stop();
    });
  });

  test('row 2: after Braze took a request and before that is written, or while it is, sends it again and loses nothing', {
    timeout: 300_000,
  }, async () => {
    const disk = disks.create();
    const judgement = await underFire(options(disk, { load: false }), async (harness) => {
      for (const point of POINTS) {
        await withBraze(harness, `of-${point}`);
        disk.dieAt(point, 1);
        await next(harness, disk);
        await harness.drained();
      }
    });
    // At the last two points the progress is in the file, and is there after a crash of the process (not of the machine).
    expect(judgement.doubled).toBeGreaterThanOrEqual(2);
    expect(judgement.doubled).toBeLessThanOrEqual(POINTS.length);
  });

  test('row 2: while delivered records are deleted loses none of the others', {
    timeout: 300_000,
  }, async () => {
    const disk = disks.create();
    // What is drained has its outcome; that the log has it written may be the very write that is cut.
    await underFire(options(disk, { load: false, mayDouble: () => 1 }), async (harness) => {
      for (const point of ['mid-write', 'before-sync'] as const) {
        await harness.produce(`before-${point}`);
        await harness.drained();
        // The deletion comes by itself or with the next append, whichever is first.
        disk.dieAt(point, 1);
        const later = harness.produce(`before-${point}`);
        await next(harness, disk);
        await later;
      }
    });
  });
});
