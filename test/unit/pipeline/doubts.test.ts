import { describe, expect, it, vi } from 'vitest';
import { LogError } from '../../../src/log/log.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import { createMemoryState } from '../../../src/log/memory-state.ts';
import { rejected } from '../../../src/model/outcome.ts';
import { systemClock } from '../../../src/model/time.ts';
import { append, rig, track } from './rig.ts';

/** A pipeline that is killed while so many of an event and two purchases are under way in one request. */
async function killed(holdUncertain: boolean, underWay = 2) {
  const state = createMemoryState();
  const before = await rig({ state, holdUncertain });
  await append(before.log, [track('many')]);
  await vi.waitFor(() => expect(before.waiting.length).toBe(3));
  await before.send(before.waiting.splice(0, underWay)).leaving;
  await before.stop();
  return state;
}

describe('a request that was under way when the process was killed', () => {
  it('goes again, and is listed as one that may have counted twice', async () => {
    const state = await killed(false);
    const t = await rig({ state });
    await vi.waitFor(() => expect(t.waiting.length).toBe(3));
    expect(t.doubts).toEqual([2]);
    expect(await t.log.requests({ limit: 10, doubtful: true })).toMatchObject([
      { operations: [{ part: 'event:0' }, { part: 'purchase:0' }] },
    ]);
    await t.stop();
  });

  it('where uncertain ones are held: its events and purchases become a dead letter, the rest of the record goes', async () => {
    const state = await killed(true);
    const t = await rig({ state, holdUncertain: true });
    await vi.waitFor(() => expect(t.waiting.map(({ operation }) => operation.part)).toEqual(['purchase:1']));
    await t.settleAll();
    const [letter] = await t.log.letters({ limit: 10 });
    expect(letter?.outcome).toMatchObject({ kind: 'uncertain', code: 'in_flight_at_crash' });
    expect(letter?.undelivered?.map(({ part }) => part)).toEqual(['event:0', 'purchase:0']);
    await vi.waitFor(async () => expect(await t.log.unfinished('braze')).toEqual([]));
    await t.stop();
  });

  it('where uncertain ones are held: ends the record when nothing of it may be sent', async () => {
    const state = await killed(true, 3);
    const t = await rig({ state, holdUncertain: true });
    await vi.waitFor(async () => expect((await t.log.letters({ limit: 10 })).length).toBe(1));
    expect(t.waiting).toEqual([]);
    expect(t.pipeline.inFlight()).toBe(0);
    await t.stop();
  });

  it('where uncertain ones are held: is held by the next run too when this one is killed before the letter is durable', async () => {
    const state = await killed(true);
    const again = await rig({ state, holdUncertain: true });
    await vi.waitFor(() => expect(again.waiting.length).toBe(1));
    await again.stop();
    const t = await rig({ state, holdUncertain: true });
    await vi.waitFor(() => expect(t.waiting.map(({ operation }) => operation.part)).toEqual(['purchase:1']));
    await t.stop();
  });

  it('is no doubt when its records are known to be settled', async () => {
    const state = createMemoryState();
    const before = await rig({ state });
    await append(before.log, [track('one')]);
    await vi.waitFor(() => expect(before.waiting.length).toBe(1));
    const request = before.send(before.waiting.splice(0));
    vi.spyOn(before.journal, 'settled').mockImplementation(() => undefined);
    await request.settle();
    await before.stop();
    const t = await rig({ state });
    await vi.waitFor(async () => expect(await t.log.unfinished('braze')).toEqual([]));
    expect(t.doubts).toEqual([]);
    expect(await t.log.requests({ limit: 10, doubtful: true })).toEqual([]);
    await t.stop();
  });
});

describe('a log whose brokers are away when a run begins', () => {
  /** `failing` calls reject before the log's own answer. */
  const away = <T>(own: () => Promise<T>, failing: number, code: 'log_unavailable' | 'log_unusable') => {
    let calls = 0;
    return async (): Promise<T> => {
      calls += 1;
      if (calls <= failing) throw new LogError(code, 'no leader');
      return own();
    };
  };
  /** Waits that are over at once. */
  const noWait = { ...systemClock, delay: async () => undefined };

  it('is asked again for what was under way, and for the ends of it, until it answers', async () => {
    const log = createMemoryLog({ state: await killed(false) });
    const own = { unfinished: log.unfinished.bind(log), note: log.note.bind(log) };
    const asked = vi.spyOn(log, 'unfinished');
    asked.mockImplementation(away(() => own.unfinished('braze'), 3, 'log_unavailable'));
    const noted = vi.spyOn(log, 'note').mockRejectedValueOnce(new LogError('log_unavailable', 'no leader'));
    const t = await rig({ log, clock: noWait });
    await vi.waitFor(() => expect(t.waiting.length).toBe(3));
    expect(t.doubts).toEqual([2]);
    expect(asked).toHaveBeenCalledTimes(5);
    expect(noted).toHaveBeenCalledTimes(2);
    expect(await own.unfinished('braze')).toEqual([]);
    await t.stop();
  });

  it('ends the run when it says that waiting is in vain', async () => {
    const log = createMemoryLog();
    vi.spyOn(log, 'unfinished').mockRejectedValue(new LogError('log_unusable', 'no ACL'));
    const t = await rig({ log, clock: noWait });
    await expect(t.running).rejects.toThrow('no ACL');
  });

  it.for(['unfinished', 'note'] as const)('holds no stop up, though %s never answers', async (method) => {
    const log = createMemoryLog({ state: await killed(false) });
    const called = vi.spyOn(log, method).mockReturnValue(new Promise<never>(() => undefined));
    const t = await rig({ log });
    await vi.waitFor(() => expect(called).toHaveBeenCalled());
    await t.stop();
    expect(t.waiting).toEqual([]);
  });

  it('completes nothing of a run that has ended by the time it answers', async () => {
    const log = createMemoryLog({ state: await killed(false) });
    const notes = await log.unfinished('braze');
    const answer = Promise.withResolvers<typeof notes>();
    const called = vi.spyOn(log, 'unfinished').mockReturnValueOnce(answer.promise);
    const t = await rig({ log });
    await vi.waitFor(() => expect(called).toHaveBeenCalled());
    await t.stop();
    answer.resolve(notes);
    await new Promise(setImmediate);
    expect(await log.unfinished('braze')).toEqual(notes);
  });
});

describe('the journal', () => {
  it('holds a request back until its note is durable, where uncertain ones are held', async () => {
    const t = await rig({ holdUncertain: true });
    await append(t.log, [track('one')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(1));
    const noted = Promise.withResolvers<void>();
    vi.spyOn(t.log, 'note').mockReturnValueOnce(noted.promise);
    let hasLeft = false;
    const leaving = t.send(t.waiting.splice(0)).leaving?.then(() => {
      hasLeft = true;
    });
    await Promise.resolve();
    expect(hasLeft).toBe(false);
    noted.resolve();
    await leaving;
    expect(hasLeft).toBe(true);
    await t.stop();
  });

  it('lets a request leave at once where they are not', async () => {
    const t = await rig();
    await append(t.log, [track('one')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(1));
    expect(t.send(t.waiting.splice(0)).leaving).toBeUndefined();
    await t.stop();
  });

  it('knows of a request what was in it, when it left and that it ended', async () => {
    const t = await rig();
    await append(t.log, [track('one'), track('two')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(2));
    await t.settleAll();
    await vi.waitFor(async () => expect((await t.log.requests({ limit: 10 }))[0]?.end).not.toBeNull());
    expect(await t.log.requests({ limit: 10 })).toMatchObject([
      {
        group: 'braze',
        endpoint: '/users/track',
        operations: [
          { offset: 0, part: 'event:0' },
          { offset: 1, part: 'event:0' },
        ],
        end: { doubtful: false },
      },
    ]);
    await t.stop();
  });
});

describe('a dead letter', () => {
  it('tells of the request that carried it', async () => {
    const t = await rig();
    await append(t.log, [track('one')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(1));
    const request = t.send(t.waiting.splice(0));
    const attempt = { at: 5_000, durationMs: 9, status: 201, what: 'final', objects: 1 };
    request.trace.note(
      attempt,
      { status: 201, headers: {}, text: 'no such user' },
      { kind: 'final', outcomes: [] },
    );
    await request.settle(() => rejected('refused', 'braze_refused', 'no'));
    const [letter] = await t.log.letters({ limit: 10 });
    expect(letter?.delivery).toEqual({
      attempts: 1,
      firstAttemptAt: 5_000,
      lastAttemptAt: 5_000,
      endpoint: '/users/track',
      objects: 1,
      status: 201,
      reply: 'no such user',
    });
    await t.stop();
  });
});
