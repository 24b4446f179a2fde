import { describe, expect, it, vi } from 'vitest';
import { LogError } from '../../../src/log/log.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import type { BrazierEvent } from '../../../src/model/event.ts';
import type { TransformResult } from '../../../src/model/transform.ts';
import { createWindow } from '../../../src/pipeline/window.ts';
import { operation } from '../../support/operations.ts';
import { append, type RigOptions, rig, track } from './rig.ts';

const byUser = ({ userId = '' }: BrazierEvent): TransformResult => ({
  status: 'operations',
  operations: [operation('event', `external_id:${userId}`)],
  warnings: [],
});

/** `blocked`, and whoever is called so with more, has as many operations queued as one may; whoever else has none. */
async function withBlocked(more: RigOptions = {}) {
  let isBlocked = true;
  const t = await rig({
    ...more,
    transform: byUser,
    window: createWindow({ records: 20, bytes: 1_000_000 }),
    alsoQueued: (key) => (isBlocked && key.startsWith('external_id:blocked') ? 1000 : 0),
  });
  const free = () => {
    isBlocked = false;
    t.pipeline.resume();
  };
  return { ...t, free };
}

const of = (user: string, count: number) =>
  Array.from({ length: count }, (_, index) => track(`${user} ${index}`, { userId: user }));

describe('a person with much queued', () => {
  it('does not fill the window: those behind are read and settled, and counted right', async () => {
    const t = await withBlocked();
    await append(t.log, [...of('blocked', 500), ...of('free', 5)]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(5));
    expect(t.pipeline.parked()).toBe(500);
    expect(t.pipeline.inFlight()).toBe(505);
    await t.settleAll();
    expect(t.pipeline.inFlight()).toBe(500);
    await t.stop();
  });

  it('goes on in order when there is room for them, and nothing is lost', async () => {
    const t = await withBlocked();
    await append(t.log, of('blocked', 30));
    await vi.waitFor(() => expect(t.pipeline.parked()).toBe(30));
    t.free();
    const seen: number[] = [];
    await vi.waitFor(async () => {
      seen.push(...t.waiting.map(({ owner }) => owner.offset));
      await t.settleAll();
      expect(seen.length).toBe(30);
    });
    expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => index));
    expect(t.pipeline.inFlight()).toBe(0);
    expect(t.errors).toEqual([]);
    await t.stop();
  });

  it('is counted once while some of what was parked waits for room', async () => {
    const t = await withBlocked();
    await append(t.log, of('blocked', 30));
    await vi.waitFor(() => expect(t.pipeline.parked()).toBe(30));
    t.free();
    await vi.waitFor(() => expect(t.waiting.length).toBe(20));
    expect(t.pipeline.inFlight()).toBe(30);
    expect(t.pipeline.parked()).toBe(10);
    await t.stop();
  });

  it('ends without an error while some of what was parked waits for room', async () => {
    const t = await withBlocked();
    await append(t.log, of('blocked', 30));
    await vi.waitFor(() => expect(t.pipeline.parked()).toBe(30));
    t.free();
    await vi.waitFor(() => expect(t.waiting.length).toBe(20));
    await t.stop();
    expect(t.errors).toEqual([]);
  });

  it('is looked at again when room was made while others were looked at', async () => {
    const t = await withBlocked();
    await append(t.log, of('blocked', 3));
    await vi.waitFor(() => expect(t.pipeline.parked()).toBe(3));
    t.pipeline.resume();
    t.free();
    await vi.waitFor(() => expect(t.waiting.length).toBe(3));
    await t.stop();
  });

  it('is read again one batch at a time, whoever asks how often, and the end waits for it', async () => {
    const log = createMemoryLog();
    const gate = Promise.withResolvers<void>();
    let reading = 0;
    const { fetch } = log;
    Object.assign(log, {
      async fetch(...place: Parameters<typeof fetch>) {
        reading += 1;
        expect(reading).toBe(1);
        await gate.promise;
        reading -= 1;
        return fetch.apply(log, place);
      },
    });
    const t = await withBlocked({ log });
    await append(log, [...of('blocked', 3), ...of('blocked too', 3)]);
    await vi.waitFor(() => expect(t.pipeline.parked()).toBe(6));
    t.free();
    t.pipeline.resume();
    t.pipeline.resume();
    gate.resolve();
    await vi.waitFor(() => expect(t.waiting.length).toBe(6));
    expect(t.errors).toEqual([]);
    await t.stop();
  });

  it('waits for a log that is away, and goes on when it is back', async () => {
    const log = createMemoryLog();
    const { fetch } = log;
    let isAway = true;
    const asked = Promise.withResolvers<void>();
    Object.assign(log, {
      async fetch(...place: Parameters<typeof fetch>) {
        asked.resolve();
        if (isAway) throw new LogError('log_unavailable', 'no broker answers');
        return fetch.apply(log, place);
      },
    });
    const t = await withBlocked({ log });
    await append(log, of('blocked', 3));
    await vi.waitFor(() => expect(t.pipeline.parked()).toBe(3));
    t.free();
    await asked.promise;
    isAway = false;
    await vi.waitFor(() => expect(t.waiting.length).toBe(3), { timeout: 60_000 });
    expect(t.errors).toEqual([]);
    await t.stop();
  });

  it('ends while the log is away', async () => {
    const log = createMemoryLog();
    const asked = Promise.withResolvers<void>();
    Object.assign(log, {
      async fetch() {
        asked.resolve();
        throw new LogError('log_unavailable', 'no broker answers');
      },
    });
    const t = await withBlocked({ log });
    await append(log, of('blocked', 3));
    await vi.waitFor(() => expect(t.pipeline.parked()).toBe(3));
    t.free();
    await asked.promise;
    await t.stop();
    expect(t.errors).toEqual([]);
    expect(t.pipeline.parked()).toBe(3);
  });

  it('waits for what a new leader does not give yet, and passes over none of it', async () => {
    const log = createMemoryLog();
    const { fetch } = log;
    let times = 0;
    Object.assign(log, {
      async fetch(...place: Parameters<typeof fetch>) {
        times += 1;
        const records = await fetch.apply(log, place);
        return times > 1 ? records : records.filter(({ offset }) => offset < 1);
      },
      gone: async () => [],
    });
    const t = await withBlocked({ log });
    await append(log, of('blocked', 3));
    await vi.waitFor(() => expect(t.pipeline.parked()).toBe(3));
    t.free();
    const offsets = () => t.waiting.map(({ owner }) => owner.offset);
    await vi.waitFor(() => expect(offsets()).toEqual([0, 1, 2]), { timeout: 60_000 });
    expect([t.errors, t.gone]).toEqual([[], []]);
    await t.stop();
  });

  it('ends at once while the log is slow to answer, and takes nothing for gone', async () => {
    const log = createMemoryLog();
    const asked = Promise.withResolvers<void>();
    Object.assign(log, {
      async fetch(...[, , , signal]: Parameters<typeof log.fetch>) {
        asked.resolve();
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        return [];
      },
    });
    const t = await withBlocked({ log });
    await append(log, of('blocked', 3));
    await vi.waitFor(() => expect(t.pipeline.parked()).toBe(3));
    t.free();
    await asked.promise;
    await t.stop();
    expect([t.errors, t.gone]).toEqual([[], []]);
    expect(t.pipeline.parked()).toBe(3);
  });

  it('goes on without what the log has deleted meanwhile: that is counted and told, and holds nothing back', async () => {
    const log = createMemoryLog();
    const { fetch } = log;
    Object.assign(log, {
      fetch: async (...place: Parameters<typeof fetch>) =>
        (await fetch.apply(log, place)).filter(({ offset }) => offset > 1),
    });
    const t = await withBlocked({ log });
    await append(log, of('blocked', 4));
    await vi.waitFor(() => expect(t.pipeline.parked()).toBe(4));
    t.free();
    await vi.waitFor(() => expect(t.waiting.map(({ owner }) => owner.offset)).toEqual([2, 3]));
    expect(t.gone).toEqual([2]);
    expect(t.pipeline.inFlight()).toBe(2);
    await t.settleAll();
    expect(t.pipeline.inFlight()).toBe(0);
    expect(await t.counts('eventsFiltered', 'reason')).toEqual({ record_gone: 2 });
    expect(log.backlog('braze')).toBe(0);
    expect(t.errors).toEqual([]);
    await t.stop();
    const again = await rig({ log, transform: byUser });
    await append(log, of('free', 1));
    await vi.waitFor(() => expect(again.waiting.map(({ owner }) => owner.offset)).toEqual([4]));
    await again.stop();
  });

  it('is where the progress says after a crash: what others had settled is not read again', async () => {
    const t = await withBlocked();
    await append(t.log, [...of('blocked', 3), ...of('free', 2), ...of('blocked', 1)]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(2));
    await t.settleAll();
    await t.stop();
    const again = await rig({ log: t.log, transform: byUser });
    await vi.waitFor(() => expect(again.waiting.map(({ owner }) => owner.offset)).toEqual([0, 1, 2, 5]));
    await again.stop();
  });
});
