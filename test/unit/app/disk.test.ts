import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type DiskParts, type DiskRoom, openDisk, publishDisk } from '../../../src/app/disk.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ROOM: DiskRoom = { freeBytes: 10, totalBytes: 100 };

function rig(kind: DiskParts['log']['kind'] = 'embedded') {
  const said: string[] = [];
  const asked: PromiseWithResolvers<DiskRoom>[] = [];
  const disk = openDisk({
    log: { kind, path: '/data' },
    logger: { info: (message) => said.push(message), warn: (message) => said.push(message) },
    ask() {
      const answer = Promise.withResolvers<DiskRoom>();
      asked.push(answer);
      return answer.promise;
    },
  });
  return { disk, asked, said };
}

it('is asked once for all who want to know, and anew when it has answered', async () => {
  const { disk, asked } = rig();
  const both = [disk.room(), disk.room()];
  asked[0]?.resolve(ROOM);
  expect(await Promise.all(both)).toEqual([ROOM, ROOM]);
  disk.room();
  expect(asked).toHaveLength(2);
});

it('that hangs is asked no more before it answers, is unknown at once, and is told once', async () => {
  const { disk, asked, said } = rig();
  const first = [disk.room(), disk.room()];
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await Promise.all(first)).toEqual(['unknown', 'unknown']);
  for (let look = 0; look < 100; look += 1) expect(await disk.room()).toBe('unknown');
  expect(asked).toHaveLength(1);
  expect(said).toEqual(['the disk with the data folder does not answer']);

  asked[0]?.resolve(ROOM);
  await vi.advanceTimersByTimeAsync(0);
  const after = disk.room();
  asked[1]?.resolve(ROOM);
  expect(await after).toEqual(ROOM);
  expect(said).toHaveLength(2);
});

it('is unknown where the system refuses to say, and is asked again', async () => {
  const { disk, asked } = rig();
  const first = disk.room();
  asked[0]?.reject(new Error('ENOENT'));
  expect(await first).toBe('unknown');
  disk.room();
  expect(asked).toHaveLength(2);
});

it('is nobody’s to ask on Kafka', async () => {
  const { disk, asked } = rig('kafka');
  expect(await disk.room()).toBeNull();
  expect(asked).toEqual([]);
});

it('leaves its metrics as they were while it is unknown', async () => {
  const metrics = createMetrics({ version: 'test' }, { processMetrics: false });
  publishDisk(ROOM, metrics);
  publishDisk('unknown', metrics);
  expect((await metrics.diskFree.get()).values[0]?.value).toBe(10);
  expect((await metrics.diskSize.get()).values[0]?.value).toBe(100);
});
