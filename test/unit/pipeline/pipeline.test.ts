import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { createTrace } from '../../../src/delivery/trace.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import { createMemoryState } from '../../../src/log/memory-state.ts';
import { DELIVERED, rejected } from '../../../src/model/outcome.ts';
import type { TransformResult } from '../../../src/model/transform.ts';
import { createWindow } from '../../../src/pipeline/window.ts';
import { operation } from '../../support/operations.ts';
import { append, rig, track } from './rig.ts';

const refused = rejected('refused', 'braze_refused', 'no');

describe('pipeline', () => {
  it('delivers after a restart what had no final outcome, and nothing else', async () => {
    const state = createMemoryState();
    const first = await rig({ state });
    await append(first.log, [track('a'), track('skip'), track('b'), track('c')]);
    await vi.waitFor(() => expect(first.waiting.length).toBe(3));
    first.waiting.splice(0, 1);
    first.waiting.splice(1, 1);
    await first.settleAll();
    await first.stop();
    const second = await rig({ state });
    await vi.waitFor(() => expect(second.waiting.map(({ owner }) => owner.offset)).toEqual([0, 3]));
    await second.stop();
  });

  it('a rejected operation makes the event a dead letter that lists the undelivered parts alone', async () => {
    const t = await rig();
    await append(t.log, [track('many')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(3));
    await t.settleAll(({ part }) => (part === 'purchase:1' ? refused : DELIVERED));
    const [letter] = await t.log.letters({ limit: 10 });
    expect(letter).toMatchObject({ id: 'braze/brazier.events/0/0', outcome: refused });
    expect(letter?.undelivered?.map(({ part }) => part)).toEqual(['purchase:1']);
    expect(Buffer.from(letter?.record.value ?? []).toString()).toBe(JSON.stringify(track('many')));
    await t.stop();
  });

  it('an event is done only when its last operation is, wherever the others are', async () => {
    const t = await rig();
    await append(t.log, [track('many')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(3));
    const last = t.waiting.splice(2, 1);
    await t.settleAll();
    expect(t.pipeline.inFlight()).toBe(1);
    await t.send(last).settle();
    expect(t.pipeline.inFlight()).toBe(0);
    await t.stop();
  });

  it('takes fewer outcomes than operations for the bug it is, never for a delivery', async () => {
    const t = await rig();
    await append(t.log, [track('many')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(3));
    const trace = createTrace('/users/track', []);
    const sent = { endpoint: '/users/track', items: t.waiting, trace } as const;
    await expect(t.pipeline.settle(sent, [DELIVERED])).rejects.toThrow('1 outcomes for 3');
    await t.stop();
  });

  it.each([
    ['is not JSON', '{"type":', 'invalid_json'],
    ['makes the transformer throw', track('throw'), 'transform_failed'],
    ['makes the transformer return nothing', track('empty'), 'transform_failed'],
    ['becomes a Braze object over 100 KB', track('large'), 'object_too_large'],
    ['names nobody', { type: 'track', event: 'a' }, 'missing_identity'],
  ])('a record that %s is a dead letter, and those after it go on', async (_, bad, code) => {
    const t = await rig();
    await append(t.log, [bad as object, track('good')]);
    await vi.waitFor(async () => expect((await t.log.letters({ limit: 10 })).length).toBe(1));
    expect((await t.log.letters({ limit: 10 }))[0]?.outcome.code).toBe(code);
    await vi.waitFor(() => expect(t.waiting.length).toBe(1));
    await t.stop();
  });

  it('a record whose headers make the decoder throw is a dead letter, and those after it go on', async () => {
    const t = await rig();
    await append(t.log, [track('a', { timestamp: 1e300 })], { receivedAt: 'never' });
    await append(t.log, [track('good')]);
    await vi.waitFor(async () => expect((await t.log.letters({ limit: 10 })).length).toBe(1));
    await vi.waitFor(() => expect(t.waiting.length).toBe(1));
    await t.stop();
  });

  it('keeps the very bytes of a corrupt record in its dead letter', async () => {
    const state = createMemoryState();
    const log = createMemoryLog({ state });
    await append(log, [track('a')]);
    const bytes = Uint8Array.of(0xff, 0x00, 0x80);
    state.records[0] = { ...state.records[0]!, value: bytes, corrupt: true };
    const t = await rig({ log });
    await vi.waitFor(async () => expect((await log.letters({ limit: 1 })).length).toBe(1));
    const [letter] = await log.letters({ limit: 1 });
    expect(letter?.outcome).toMatchObject({ kind: 'corrupt', code: 'corrupt_record' });
    expect([...(letter?.record.value ?? [])]).toEqual([...bytes]);
    await t.stop();
  });

  it('reads no further than its window, and on as soon as there is room', async () => {
    const t = await rig({ window: createWindow({ records: 3, bytes: 1_000_000 }) });
    await append(
      t.log,
      Array.from({ length: 10 }, (_, index) => track(`e${index}`)),
    );
    await vi.waitFor(() => expect(t.waiting.length).toBe(3));
    expect(t.pipeline.inFlight()).toBe(10);
    await t.settleAll();
    await vi.waitFor(() => expect(t.waiting.length).toBe(3));
    await t.stop();
  });

  it('reads no further while delivery has enough to send, and on when some of it is done', async () => {
    let ready = () => 0;
    const t = await rig({ hasPlenty: () => ready() >= 2 });
    ready = () => t.waiting.length;
    await append(t.log, [track('a'), track('b'), track('c'), track('d'), track('e')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(2));
    await nextTurn();
    expect(t.waiting.length).toBe(2);
    await t.settleAll();
    await vi.waitFor(() => expect(t.waiting.length).toBe(2));
    await t.stop();
  });

  it('ends at once when it is stopped while the window is full', async () => {
    const t = await rig({ window: createWindow({ records: 1, bytes: 1_000_000 }) });
    await append(t.log, [track('a'), track('b')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(1));
    await t.stop();
    expect(t.errors).toEqual([]);
  });

  it('has the outcomes that needed no delivery durable when it has ended', async () => {
    const state = createMemoryState();
    const log = createMemoryLog({ state });
    const commit = log.commit.bind(log);
    log.commit = (...progress) => nextTurn().then(() => commit(...progress));
    const t = await rig({ log });
    await append(
      log,
      Array.from({ length: 50 }, () => track('skip')),
    );
    const planned = async () => expect(await t.counts('events', 'outcome')).toMatchObject({ filtered: 50 });
    await vi.waitFor(planned, { interval: 1 });
    await t.stop();
    expect(state.progress.get('braze')).toEqual({ watermark: 50, settled: [] });
  });

  it('read = delivered + filtered + rejected + in flight', async () => {
    const t = await rig();
    await append(t.log, [track('a'), track('skip'), track('throw'), track('many'), track('b')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(5));
    t.waiting.splice(4, 1);
    await t.settleAll(({ part }) => (part === 'purchase:0' ? refused : DELIVERED));
    expect(await t.counts('eventsRead', 'destination')).toEqual({ braze: 5 });
    expect(await t.counts('events', 'outcome')).toEqual({ delivered: 1, filtered: 1, rejected: 2 });
    expect(await t.counts('deadLetters', 'kind')).toEqual({ invalid: 1, refused: 1 });
    expect(t.pipeline.inFlight()).toBe(1);
    await t.stop();
  });
});

describe('what is remembered', () => {
  const keys = ['external_id:kim', 'alias:rudder_id:phone'];
  const text = '{"external_id":"kim","user_alias":{"alias_label":"rudder_id","alias_name":"phone"}}';
  const transform = (): TransformResult => ({
    status: 'operations',
    operations: [operation('identify', keys, text)],
    warnings: [],
  });

  it('is not sent again: the event is filtered and counted, and its progress is kept', async () => {
    const state = createMemoryState();
    const t = await rig({ state, transform });
    await append(t.log, [track('a')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(1));
    await t.settleAll();
    await append(t.log, [track('b')]);
    await vi.waitFor(() => expect(state.progress.get('braze')).toEqual({ watermark: 2, settled: [] }));
    expect(t.waiting).toEqual([]);
    expect(await t.counts('events', 'outcome')).toEqual({ delivered: 1, filtered: 1, rejected: 0 });
    expect(await t.counts('operationsLeftOut', 'kind')).toEqual({ identify: 1 });
    await t.stop();
  });

  it('is sent again by a replay', async () => {
    const t = await rig({ transform });
    await append(t.log, [track('a')]);
    await vi.waitFor(() => expect(t.waiting.length).toBe(1));
    await t.settleAll();
    await append(t.log, [track('a')], { replayDestination: 'braze', replayParts: 'identify:0' });
    await vi.waitFor(() => expect(t.waiting.length).toBe(1));
    await t.stop();
  });
});

describe('a replay', () => {
  it('is for its destination alone, whatever its source delivers to', async () => {
    const t = await rig();
    await append(t.log, [track('a')], { replayDestination: 'other' });
    await append(t.log, [track('b')], { replayDestination: 'braze', source: 'not-connected' });
    await vi.waitFor(() => expect(t.waiting.map(({ owner }) => owner.offset)).toEqual([1]));
    expect(await t.counts('events', 'outcome')).toMatchObject({ filtered: 1 });
    await t.stop();
  });

  it('sends the parts it names and no others', async () => {
    const t = await rig();
    await append(t.log, [track('many')], { replayDestination: 'braze', replayParts: 'purchase:1,event:0' });
    await vi.waitFor(() => expect(t.waiting.length).toBe(2));
    expect(t.waiting.map(({ operation: { part } }) => part)).toEqual(['event:0', 'purchase:1']);
    await t.stop();
  });

  it('that fits nothing the event has today is a dead letter again, with the same parts still open', async () => {
    const t = await rig();
    await append(t.log, [track('a')], { replayDestination: 'braze', replayParts: 'purchase:7' });
    await vi.waitFor(async () => expect((await t.log.letters({ limit: 1 })).length).toBe(1));
    const [letter] = await t.log.letters({ limit: 1 });
    expect(letter).toMatchObject({ outcome: { code: 'replay_mismatch' }, undelivered: null });
    expect(letter?.record.headers.replayParts).toBe('purchase:7');
    await t.stop();
  });

  it('of which a part is refused again keeps that part alone', async () => {
    const t = await rig();
    await append(t.log, [track('many')], {
      replayDestination: 'braze',
      replayParts: 'purchase:0,purchase:1',
    });
    await vi.waitFor(() => expect(t.waiting.length).toBe(2));
    await t.settleAll(({ part }) => (part === 'purchase:0' ? refused : DELIVERED));
    const [letter] = await t.log.letters({ limit: 1 });
    expect(letter?.undelivered?.map(({ part }) => part)).toEqual(['purchase:0']);
    await t.stop();
  });
});
