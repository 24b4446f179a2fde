/** The rules of detaching and of where groups stand, on every log. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog } from '../../src/log/log.ts';
import {
  append,
  commit,
  type LogHarness,
  memoryHarness,
  readTexts,
  START,
  sqliteHarness,
} from '../support/log-harness.ts';

const BOTH = ['a', 'b'].map((group) => ({ group, start: 'beginning' as const }));

describe.each([
  ['memory', () => memoryHarness()],
  ['embedded', () => sqliteHarness({}, false)],
])('detaching: %s', (_, createHarness) => {
  let harness: LogHarness;
  let log: EventLog;

  beforeEach(async () => {
    harness = createHarness();
    log = await harness.open();
    await log.attach(BOTH);
  });
  afterEach(() => harness.dispose());

  const standing = async (group: string) => (await log.groups()).find((each) => each.group === group);

  it('says of each group what is unsettled, since when, and about how many bytes that is', async () => {
    expect(await standing('a')).toEqual({
      group: 'a',
      detached: false,
      unsettled: 0,
      bytes: 0,
      oldestAt: null,
    });
    await append(log, 'one', 'two', 'three', 'four');
    await readTexts(log, 'b', 4);
    await commit(log, 'b', 1, { settled: [{ from: 2, to: 3 }] });
    expect((await log.groups()).map(({ group }) => group)).toEqual(['a', 'b']);
    expect(await standing('a')).toMatchObject({ unsettled: 4, oldestAt: START });
    expect(await standing('b')).toMatchObject({ unsettled: 2, oldestAt: START });
    const [a, b] = await log.groups();
    expect(a!.bytes).toBeGreaterThan(b!.bytes);
    expect(b!.bytes).toBeGreaterThan(0);
    await commit(log, 'b', 4);
    expect(await standing('b')).toMatchObject({ unsettled: 0, bytes: 0, oldestAt: null });
  });

  it('lets go of what a group had not settled, says how much that was, and leaves the others alone', async () => {
    await append(log, 'one', 'two', 'three');
    await readTexts(log, 'a', 3);
    await commit(log, 'a', 0, { settled: [{ from: 1, to: 2 }] });
    expect(await log.detach('a')).toMatchObject({ group: 'a', unsettled: 2 });
    expect(await standing('a')).toEqual({
      group: 'a',
      detached: true,
      unsettled: 0,
      bytes: 0,
      oldestAt: null,
    });
    expect(() => log.read('a', ['brazier.events'], AbortSignal.abort())).toThrow('not attached');
    expect(await readTexts(log, 'b', 3)).toEqual(['one', 'two', 'three']);
    expect(await log.detach('a')).toBeUndefined();
    expect(await log.detach('nobody')).toBeUndefined();
  });

  it('ends the reading of a group that is detached, and ignores its late commits', async () => {
    await append(log, 'one');
    const iterator = log.read('a', ['brazier.events'], new AbortController().signal)[Symbol.asyncIterator]();
    const { value: chunk } = await iterator.next();
    const next = iterator.next();
    await log.detach('a');
    expect(await next).toEqual({ done: true, value: undefined });
    expect(chunk.lost.aborted).toBe(true);
    await commit(log, 'a', 1);
    expect(await standing('a')).toMatchObject({ detached: true });
  });

  it('counts as backlog of a detached group what came since', async () => {
    await append(log, 'one', 'two');
    await log.detach('a');
    expect(log.backlog('a')).toBe(0);
    await append(log, 'three', 'four', 'five');
    expect(log.backlog('a')).toBe(3);
    await log.attach(BOTH);
    expect(log.backlog('a')).toBe(3);
  });

  it.each(['reopen', 'crash'] as const)('stays detached over a %s', async (restart) => {
    await append(log, 'one');
    await log.detach('a');
    log = await harness[restart](log);
    expect(await log.attach(BOTH)).toEqual([]);
    expect(await standing('a')).toMatchObject({ detached: true });
    expect(() => log.read('a', ['brazier.events'], AbortSignal.abort())).toThrow('not attached');
    await append(log, 'two');
    expect(log.backlog('a')).toBe(1);
    expect(await readTexts(log, 'b', 2)).toEqual(['one', 'two']);
  });

  it.each(['reopen', 'crash'] as const)(
    'readmitted it goes on at the end, also after a %s',
    async (restart) => {
      await append(log, 'one');
      await log.detach('a');
      await append(log, 'two');
      expect(await log.readmit('a')).toBe(true);
      expect(await log.readmit('a')).toBe(false);
      await append(log, 'three');
      log = await harness[restart](log);
      await log.attach(BOTH);
      expect(await standing('a')).toMatchObject({ detached: false, unsettled: 1 });
      expect(await readTexts(log, 'a', 1)).toEqual(['three']);
    },
  );

  it('readmitted it can be read in the same process once it is attached', async () => {
    await append(log, 'one');
    await log.detach('a');
    await log.readmit('a');
    await log.attach(BOTH);
    await append(log, 'two');
    expect(log.backlog('a')).toBe(1);
    expect(await readTexts(log, 'a', 1)).toEqual(['two']);
  });

  it('readmits none that is not detached', async () => {
    await append(log, 'one');
    expect(await log.readmit('a')).toBe(false);
    expect(await log.readmit('nobody')).toBe(false);
    expect(await readTexts(log, 'a', 1)).toEqual(['one']);
  });

  it('forgets that a group was detached when an attach leaves it out', async () => {
    await append(log, 'one');
    await log.detach('a');
    await log.attach(BOTH.slice(1));
    expect(await log.groups()).toMatchObject([{ group: 'b' }]);
    await log.attach(BOTH);
    expect(await readTexts(log, 'a', 1)).toEqual(['one']);
  });

  it('refuses when the log is closed', async () => {
    await log.close();
    for (const call of [() => log.detach('a'), () => log.readmit('a'), () => log.groups()]) {
      await expect(call()).rejects.toMatchObject({ code: 'log_closing' });
    }
  });
});

describe('the embedded log', () => {
  it('frees the room that only a detached group held', async () => {
    const harness = sqliteHarness({ maxBytes: 2 * 1024 * 1024 }, false);
    try {
      const log = await harness.open();
      await log.attach([{ group: 'a', start: 'beginning' }]);
      const text = 'x'.repeat(100_000);
      const fill = async () => {
        for (let turn = 0; turn < 40; turn += 1) await append(log, text);
      };
      await expect(fill()).rejects.toMatchObject({ code: 'log_full' });
      await log.detach('a');
      await fill();
    } finally {
      await harness.dispose();
    }
  });
});
