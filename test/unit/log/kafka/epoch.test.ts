import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Commits } from '../../../../src/log/kafka/commits.ts';
import { createEpochs, type Epoch, LAST_COMMITS_MS } from '../../../../src/log/kafka/epoch.ts';

const PLACES = [{ topic: 't', partition: 0 }];
const PARTS = { buffers: new Map(), commits: {} as Commits, share: 0.5 };

function rig() {
  const shares: number[] = [];
  const graces: AbortSignal[] = [];
  let letGo: () => void = () => undefined;
  const faults: unknown[] = [];
  const epochs = createEpochs({
    revokeMs: 1_000,
    onEnding: () => undefined,
    onFault: (error) => faults.push(error),
    member: {
      assign: (share) => shares.push(share),
      revoke: (grace) => {
        graces.push(grace);
        return new Promise((resolve) => {
          letGo = resolve;
        });
      },
    },
  });
  const reading = async (): Promise<Epoch> => {
    const epoch = await epochs.begin(PLACES);
    if (epoch === undefined) throw new Error('no epoch');
    epochs.read(epoch, PARTS);
    return epoch;
  };
  return { epochs, reading, shares, graces, faults, letGo: () => letGo() };
}

describe('the epochs of a group', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('the first join ends nothing; an epoch that nobody read ends at once', async () => {
    const { epochs, graces } = rig();
    await epochs.end();
    const epoch = await epochs.begin(PLACES);
    expect(epoch?.stage).toBe('preparing');
    await epochs.end();
    expect(epoch?.lost.aborted).toBe(true);
    expect(epochs.current).toBeUndefined();
    expect(graces).toEqual([]);
  });

  test('before a join the member is waited for, and only then is the epoch lost', async () => {
    const { epochs, reading, graces, letGo, shares } = rig();
    const epoch = await reading();
    expect(shares).toEqual([0.5]);
    const ended = vi.fn();
    const ending = epochs.end().then(ended);
    await vi.advanceTimersByTimeAsync(900);
    expect([graces.length, graces[0]?.aborted, epoch.lost.aborted, epoch.stage]).toEqual([
      1,
      false,
      false,
      'ending',
    ]);
    expect(ended).not.toHaveBeenCalled();
    letGo();
    await ending;
    expect(epoch.lost.aborted).toBe(true);
  });

  test('the grace has an end, commits have a little more, and the member is waited for all the same', async () => {
    const { epochs, reading, graces, letGo } = rig();
    const epoch = await reading();
    const ended = vi.fn();
    const ending = epochs.end().then(ended);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([graces[0]?.aborted, epoch.lost.aborted]).toEqual([true, false]);
    await vi.advanceTimersByTimeAsync(LAST_COMMITS_MS);
    expect(epoch.lost.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended).not.toHaveBeenCalled();
    letGo();
    await ending;
  });

  test('joins that come together wait for one end', async () => {
    const { epochs, reading, graces, letGo } = rig();
    await reading();
    const both = Promise.all([epochs.end(), epochs.end()]);
    letGo();
    await both;
    expect(graces).toHaveLength(1);
  });

  test('after a crash nothing is committed and no grace is given, also where one had begun', async () => {
    const { epochs, reading, graces, letGo } = rig();
    const epoch = await reading();
    epochs.end();
    const cut = epochs.cut();
    expect([graces[0]?.aborted, epoch.lost.aborted]).toEqual([true, true]);
    letGo();
    await cut;
    const next = await reading();
    const other = epochs.cut();
    expect([graces[1]?.aborted, next.lost.aborted]).toEqual([true, true]);
    letGo();
    await other;
  });

  test('a deal that comes without an end cuts the epoch off, and waits for its member', async () => {
    const { epochs, reading, letGo } = rig();
    const before = await reading();
    const begun = vi.fn();
    const beginning = epochs.begin(PLACES).then(begun);
    await vi.advanceTimersByTimeAsync(100);
    expect(before.lost.aborted).toBe(true);
    expect(begun).not.toHaveBeenCalled();
    letGo();
    await beginning;
    expect(begun).toHaveBeenCalledWith(epochs.current);
  });

  test('of two deals only the later begins, and of an ended one nothing is assigned', async () => {
    const { epochs, reading, letGo, shares } = rig();
    await reading();
    const [first, second] = [epochs.begin(PLACES), epochs.begin(PLACES)];
    letGo();
    expect(await first).toBeUndefined();
    const epoch = await second;
    expect(epoch).toBeDefined();
    epochs.end();
    if (epoch) epochs.read(epoch, PARTS);
    expect(shares).toEqual([0.5]);
  });

  test('a member that has left is not called any more', async () => {
    const { epochs, reading, graces } = rig();
    const epoch = await reading();
    epochs.dismiss();
    await epochs.cut();
    expect(graces).toEqual([]);
    expect(epoch.lost.aborted).toBe(true);
    expect(await epochs.begin(PLACES)).toBeUndefined();
  });

  test('what a member throws is told, and ends nothing else', async () => {
    const faults: unknown[] = [];
    const epochs = createEpochs({
      revokeMs: 10,
      onEnding: () => undefined,
      onFault: (error) => faults.push(error),
      member: {
        assign: () => {
          throw new Error('assign');
        },
        revoke: () => Promise.reject(new Error('revoke')),
      },
    });
    const epoch = await epochs.begin(PLACES);
    if (epoch) epochs.read(epoch, PARTS);
    await epochs.end();
    expect(faults).toEqual([new Error('assign'), new Error('revoke')]);
    expect(epochs.current).toBeUndefined();
  });
});
