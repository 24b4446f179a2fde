import { describe, expect, it, vi } from 'vitest';
import { LogError, type Progress } from '../../../src/log/log.ts';
import type { DeadLetter } from '../../../src/model/dead-letter.ts';
import { systemClock } from '../../../src/model/time.ts';
import { createProgressWriter, type Partition } from '../../../src/pipeline/progress-writer.ts';
import { createWatermark } from '../../../src/pipeline/watermark.ts';

interface Commit {
  readonly progress: Progress;
  readonly letters: readonly DeadLetter[];
  readonly answer: PromiseWithResolvers<void>;
}

const letter = (id: string) => ({ id }) as DeadLetter;
const diskFull = () => new LogError('disk_full', 'the disk is full');

/** A log whose commits wait for their answer, and a partition of ten open records. */
function rig() {
  const commits: Commit[] = [];
  const stopping = new AbortController();
  const onDiskFull = vi.fn();
  const writer = createProgressWriter({
    log: {
      commit: (...[, , , progress, letters = []]) => {
        const answer = Promise.withResolvers<void>();
        commits.push({ progress, letters, answer });
        return answer.promise;
      },
    },
    group: 'braze',
    clock: { ...systemClock, delay: (_ms, signal) => systemClock.delay(0, signal) },
    signal: stopping.signal,
    onDiskFull,
  });
  const watermark = createWatermark({ watermark: 0, settled: [] });
  watermark.open(0, 10);
  const partition: Partition = { topic: 't', partition: 0, watermark };
  const settle = (offset: number, its?: DeadLetter) => {
    watermark.settle(offset);
    writer.moved(partition, its);
    return writer.flush();
  };
  return { writer, commits, partition, settle, stopping, onDiskFull };
}

describe('progress writer', () => {
  it('commits a letter together with the watermark that passes its record', async () => {
    const { commits, settle } = rig();
    const flushed = settle(0, letter('a'));
    expect(commits[0]).toMatchObject({ progress: { watermark: 1 }, letters: [{ id: 'a' }] });
    commits[0]?.answer.resolve();
    await flushed;
  });

  it('joins everything that settles during a commit into the next one', async () => {
    const { commits, settle } = rig();
    const flushes = [settle(0), settle(1, letter('a')), settle(2), settle(3, letter('b'))];
    expect(commits.length).toBe(1);
    commits[0]?.answer.resolve();
    await flushes[0];
    await vi.waitFor(() => expect(commits.length).toBe(2));
    expect(commits[1]).toMatchObject({ progress: { watermark: 4 }, letters: [{ id: 'a' }, { id: 'b' }] });
    commits[1]?.answer.resolve();
    await Promise.all(flushes);
    expect(commits.length).toBe(2);
  });

  it('a flush resolves only with the commit that holds what moved before it', async () => {
    const { commits, settle } = rig();
    settle(0);
    let isDurable = false;
    const second = settle(1).then(() => {
      isDurable = true;
    });
    commits[0]?.answer.resolve();
    await vi.waitFor(() => expect(commits.length).toBe(2));
    expect(isDurable).toBe(false);
    commits[1]?.answer.resolve();
    await second;
  });

  it('tries a full disk again with the same letters, and goes on when there is room', async () => {
    const { commits, settle, onDiskFull } = rig();
    const flushed = settle(0, letter('a'));
    commits[0]?.answer.reject(diskFull());
    await vi.waitFor(() => expect(commits.length).toBe(2));
    expect(onDiskFull).toHaveBeenCalledOnce();
    expect(commits[1]?.letters).toEqual([{ id: 'a' }]);
    commits[1]?.answer.resolve();
    await flushed;
  });

  it.each([
    ['the log is failing', new LogError('log_failing', 'failing'), false],
    ['the disk is full and the process must end', diskFull(), true],
  ])('commits nothing more when a dead letter could not be written: %s', async (_, error, isStopping) => {
    const { commits, settle, stopping, writer } = rig();
    const first = settle(0, letter('lost'));
    const second = settle(1);
    if (isStopping) stopping.abort(new Error('too late'));
    commits[0]?.answer.reject(error);
    await expect(first).rejects.toThrow();
    await expect(second).rejects.toThrow();
    await expect(settle(2)).rejects.toThrow();
    await expect(writer.flush()).rejects.toThrow();
    expect(commits.length).toBe(1);
  });
});
