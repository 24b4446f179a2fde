import { describe, expect, test, vi } from 'vitest';
import {
  type CommitEntry,
  type CommitOutcome,
  type CommitsOptions,
  createCommits,
  placeKey,
} from '../../../../src/log/kafka/commits.ts';
import { decodeProgress } from '../../../../src/log/kafka/progress-codec.ts';
import type { Progress } from '../../../../src/log/log.ts';

const P0 = { topic: 't', partition: 0 };
const P1 = { topic: 't', partition: 1 };
const at = (watermark: number): Progress => ({ watermark, settled: [] });

function rig(outcomes: CommitOutcome[] = [], options: Partial<CommitsOptions> = {}) {
  const sent: CommitEntry[][] = [];
  const gone = new AbortController();
  const told: string[] = [];
  const counted: string[] = [];
  let answer: (() => void)[] = [];
  const commits = createCommits({
    group: 'g',
    start: new Map([P0, P1].map((place) => [placeKey(place), { progress: at(0), floor: 0 }])),
    marks: new Map(),
    lost: gone.signal,
    signs: { committed: (_group, outcome) => counted.push(outcome), progressCut: () => undefined },
    send: (entries) => {
      sent.push([...entries]);
      const outcome = outcomes.shift() ?? { status: 'ok' };
      return new Promise((resolve) => answer.push(() => resolve(outcome)));
    },
    onWarning: (message) => told.push(message),
    ...options,
  });
  const next = async (): Promise<void> => {
    await vi.waitFor(() => expect(answer.length).toBeGreaterThan(0), { interval: 5 });
    const all = answer;
    answer = [];
    for (const resolve of all) resolve();
  };
  return { commits, sent, gone, told, counted, next };
}

const offsetsOf = (sent: CommitEntry[][]) => sent.map((entries) => entries.map(({ offset }) => offset));

describe('commits of an assignment', () => {
  test('one request is under way; of what comes meanwhile the latest of each partition is the next', async () => {
    const { commits, sent, next, counted } = rig();
    const first = commits.commit(P0, at(1), 0);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    const others = [commits.commit(P0, at(2), 0), commits.commit(P1, at(7), 0), commits.commit(P0, at(3), 5)];
    expect(sent).toHaveLength(1);
    await next();
    await first;
    expect(commits.committed(P0)?.progress).toEqual(at(1));
    await next();
    await Promise.all(others);
    expect(offsetsOf(sent)).toEqual([[1], [3, 7]]);
    expect(commits.committed(P0)).toEqual({ progress: at(3), floor: 5 });
    expect(counted).toEqual(['ok', 'ok']);
  });

  test('what failed is tried again, with what has come since, until it is durable', async () => {
    const { commits, sent, next, counted } = rig([{ status: 'again', reason: 'loading' }]);
    const resolved = vi.fn();
    const earlier = commits.commit(P0, at(1), 0).then(resolved);
    await next();
    expect(resolved).not.toHaveBeenCalled();
    const later = commits.commit(P0, at(4), 0);
    await next();
    await Promise.all([earlier, later]);
    expect(offsetsOf(sent)).toEqual([[1], [4]]);
    expect(counted).toEqual(['failed', 'ok']);
  });

  test('what was not answered may be read by a broker later than what was sent since: the latest is sent once more', async () => {
    const rests: (() => void)[] = [];
    const sent: (readonly (readonly [partition: number, offset: number])[])[] = [];
    const outcomes: CommitOutcome[] = [{ status: 'again', reason: 'cut' }];
    const { commits } = rig([], {
      send: async (entries) => {
        sent.push(entries.map(({ partition, offset }) => [partition, offset]));
        return outcomes.shift() ?? { status: 'ok' };
      },
      rest: () => new Promise((resolve) => rests.push(resolve)),
    });
    const doubted = commits.commit(P0, at(1), 0);
    await vi.waitFor(() => expect(rests).toHaveLength(1), { interval: 5 });
    rests[0]?.();
    await doubted;
    await commits.commit(P0, at(4), 0);
    await commits.commit(P1, at(9), 0);
    expect(sent).toEqual([[[0, 1]], [[0, 1]], [[0, 4]], [[1, 9]]]);
    rests[1]?.();
    await vi.waitFor(() => expect(sent).toHaveLength(5), { interval: 5 });
    expect(sent[4]).toEqual([[0, 4]]);
    expect(rests).toHaveLength(2);
  });

  test('failing for long is told once', async () => {
    const again = Array.from({ length: 7 }, () => ({ status: 'again', reason: 'moved' }) as const);
    const rests: number[] = [];
    const { commits, told } = rig([], {
      send: async () => again.pop() ?? { status: 'ok' },
      rest: async (ms) => {
        rests.push(ms);
      },
    });
    await commits.commit(P0, at(1), 0);
    const confirmed = 5_000;
    expect(rests).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, confirmed]);
    expect(told).toEqual([expect.stringContaining('moved')]);
  });

  test('after the partitions are lost nothing is sent, and nobody waits', async () => {
    const { commits, sent, gone, counted } = rig();
    const under = commits.commit(P0, at(1), 0);
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    const waiting = commits.commit(P1, at(1), 0);
    gone.abort();
    await Promise.all([under, waiting, commits.commit(P0, at(2), 0)]);
    expect(sent).toHaveLength(1);
    expect(counted).toEqual(['lost', 'lost']);
    expect(commits.committed(P0)?.progress).toEqual(at(0));
  });

  test('a refusal of the owner ends the waiting', async () => {
    const { commits, next, counted } = rig([{ status: 'lost' }]);
    const done = commits.commit(P0, at(1), 0);
    await next();
    await done;
    expect(counted).toEqual(['lost']);
  });

  test('a partition that is not assigned, and progress that goes back, are never sent', async () => {
    const { commits, sent, next } = rig();
    await commits.commit({ topic: 't', partition: 9 }, at(1), 0);
    const done = commits.commit(P0, at(5), 0);
    await next();
    await done;
    await commits.commit(P0, at(4), 0);
    expect(offsetsOf(sent)).toEqual([[5]]);
  });

  test('a broker that takes less metadata gets less, and it is told', async () => {
    const settled = Array.from({ length: 1_000 }, (_, n) => ({
      from: 1_000 * n * n + 7,
      to: 1_000 * n * n + 8 + n,
    }));
    const { commits, sent, next, told } = rig([{ status: 'too-large' }, { status: 'too-large' }]);
    const done = commits.commit(P0, { watermark: 0, settled }, 3);
    for (let sends = 0; sends < 3; sends += 1) await next();
    await done;
    const lengths = sent.map(([entry]) => entry?.metadata.length ?? 0);
    expect(lengths[0]).toBeGreaterThan(2_048);
    expect(lengths[1]).toBeLessThanOrEqual(2_048);
    expect(lengths[2]).toBeLessThanOrEqual(1_024);
    expect(decodeProgress(0, sent[2]?.[0]?.metadata ?? null).floor).toBe(3);
    expect(told).toHaveLength(2);
  });
});
