import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Lane, type LaneOptions, type SizedMessage } from '../../../../src/log/kafka/outbox-lane.ts';
import { LogError } from '../../../../src/log/log.ts';

/** What one attempt does; a lost answer: stored, but nobody hears of it. */
type Attempt = 'stored' | 'failed' | 'answer lost';

class Refused extends Error {}

/** A partition that takes what is produced to it, attempt by attempt. */
function partition(attempts: readonly Attempt[] = []) {
  const stored: string[] = [];
  const batches: number[] = [];
  let [calls, running] = [0, 0];
  const produce = async (batch: readonly SizedMessage[]): Promise<number> => {
    const keys = batch.map(({ message }) => message.key ?? '');
    const attempt = attempts[calls] ?? 'stored';
    calls += 1;
    running += 1;
    expect(running).toBe(1);
    await Promise.resolve();
    running -= 1;
    if (keys.includes('bad')) throw new Refused('bad');
    if (attempt === 'failed') throw new Error('no broker');
    const base = stored.length;
    stored.push(...keys);
    batches.push(keys.length);
    if (attempt === 'answer lost') throw new Error('connection closed');
    return base;
  };
  return { stored, batches, produce, calls: () => calls };
}

function laneOf(produce: LaneOptions['produce'], change: Partial<LaneOptions> = {}): Lane {
  return new Lane({
    produce,
    errorOf: (cause) => new LogError('log_unavailable', String(cause), { cause }),
    isRefusal: (cause) => cause instanceof Refused,
    maxBytes: 1_000,
    giveUpMs: 5_000,
    now: () => performance.now(),
    ...change,
  });
}

function messages(...keys: string[]): readonly SizedMessage[] {
  return keys.map((key) => ({ message: { key, value: null, headers: {}, timestamp: 0 }, bytes: 10 }));
}

/** The first time each of them was stored. */
function firsts(stored: readonly string[]): readonly string[] {
  return [...new Set(stored)];
}

afterEach(() => {
  vi.useRealTimers();
});

describe('what is handed to one partition', () => {
  it('stands there in the order of the calls, through failures and lost answers, and every sender knows where', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 12 });
    const attempts = fc.array(
      fc.constantFrom<Attempt>('stored', 'stored', 'stored', 'failed', 'answer lost'),
      {
        maxLength: 5,
      },
    );
    await fc.assert(
      fc.asyncProperty(sizes, attempts, async (counts, outcomes) => {
        vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'performance'] });
        const { stored, produce } = partition(outcomes);
        const lane = laneOf(produce, { maxBytes: 200 });
        const sent = counts.map((count, send) =>
          Array.from({ length: count }, (_, index) => `${send}.${index}`),
        );
        const offsets = Promise.all(sent.map((keys) => lane.send(messages(...keys))));
        await vi.runAllTimersAsync();
        for (const [send, offset] of (await offsets).entries()) expect(stored[offset]).toBe(`${send}.0`);
        expect(firsts(stored)).toEqual(sent.flat());
        vi.useRealTimers();
      }),
      { numRuns: 200, seed: 6 },
    );
  });

  it('goes together when it was handed over together, and in batches of the most bytes', async () => {
    const { batches, produce } = partition();
    const lane = laneOf(produce, { maxBytes: 45 });
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => lane.send(messages(key))));
    expect(batches).toEqual([4, 2]);
  });

  it('goes alone when it is larger than a batch', async () => {
    const { batches, produce } = partition();
    const lane = laneOf(produce, { maxBytes: 5 });
    await lane.send(messages('a', 'b'));
    expect(batches).toEqual([1, 1]);
  });

  it('gathers while a batch is under way, and does not wait when none is', async () => {
    const answers: (() => void)[] = [];
    const batches: number[] = [];
    const lane = laneOf((batch) => {
      batches.push(batch.length);
      return new Promise((resolve) => answers.push(() => resolve(0)));
    });
    const first = lane.send(messages('a'));
    await vi.waitFor(() => expect(batches).toEqual([1]));
    const rest = ['b', 'c', 'd'].map((key) => lane.send(messages(key)));
    answers[0]?.();
    await first;
    await vi.waitFor(() => expect(batches).toEqual([1, 3]));
    answers[1]?.();
    await Promise.all(rest);
  });
});

describe('a message that the broker refuses', () => {
  it('costs its own sender only, and the order of the others stays', async () => {
    const { stored, produce } = partition();
    const lane = laneOf(produce);
    const keys = Array.from({ length: 40 }, (_, index) => (index === 17 ? 'bad' : `m${index}`));
    const results = await Promise.allSettled(keys.map((key) => lane.send(messages(key))));
    const failed = results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
    expect(failed).toEqual([17]);
    expect(stored).toEqual(keys.filter((key) => key !== 'bad'));
  });
});

describe('a sender that has waited too long', () => {
  it('is given up with all that waits behind it, and nothing of them is produced afterwards', async () => {
    const { stored, produce, calls } = partition(Array.from({ length: 1_000 }, () => 'failed'));
    const lane = laneOf(produce, { giveUpMs: 120 });
    const first = lane.send(messages('a'));
    await vi.waitFor(() => expect(calls()).toBeGreaterThan(0));
    const second = lane.send(messages('b'));
    const [a, b] = await Promise.allSettled([first, second]);
    expect([a.status, b.status]).toEqual(['rejected', 'rejected']);
    expect(a).toMatchObject({ reason: { code: 'log_unavailable', message: 'Error: no broker' } });
    const attempts = calls();
    const third = lane.send(messages('c'));
    await expect(third).rejects.toThrow('no broker');
    expect(calls()).toBeGreaterThan(attempts);
    expect(stored).toEqual([]);
  });

  it('holds up later ones until its own attempt has ended, so that it cannot arrive behind them', async () => {
    const { promise: answer, resolve } = Promise.withResolvers<number>();
    const produced: string[][] = [];
    const lane = laneOf(
      (batch) => {
        produced.push(batch.map(({ message }) => message.key ?? ''));
        return produced.length === 1 ? answer : Promise.resolve(7);
      },
      { giveUpMs: 50 },
    );
    const first = lane.send(messages('a'));
    await expect(first).rejects.toMatchObject({ code: 'log_unavailable', cause: undefined });
    const second = lane.send(messages('b'));
    for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => setImmediate(done));
    expect(produced).toEqual([['a']]);
    resolve(3);
    expect(await second).toBe(7);
    expect(produced).toEqual([['a'], ['b']]);
  });

  it('is not given up for those before it: each has its own time', async () => {
    let now = 0;
    const { promise: answer, resolve } = Promise.withResolvers<number>();
    let calls = 0;
    const lane = laneOf(() => (calls++ === 0 ? answer : Promise.resolve(9)), {
      giveUpMs: 100,
      now: () => now,
    });
    const first = lane.send(messages('a'));
    await vi.waitFor(() => expect(calls).toBe(1));
    now = 99;
    const second = lane.send(messages('b'));
    resolve(8);
    expect(await first).toBe(8);
    expect(await second).toBe(9);
  });
});
