/** The rules of src/log/log.ts as tests, to be run on every log. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog, LetterFilter, ScanRange } from '../../src/log/log.ts';
import type { DeadLetter } from '../../src/model/dead-letter.ts';
import { rejected } from '../../src/model/outcome.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import {
  append,
  commit,
  type HarnessOptions,
  joined,
  type LogHarness,
  readChunksOf,
  readTexts,
  record,
  START,
  textOf,
  textsOf,
} from '../support/log-harness.ts';

export function letter(id: string, destination: string | null = 'braze'): DeadLetter {
  return {
    id,
    destination,
    at: START,
    position: destination === null ? null : `${EVENTS_TOPIC}/0/0`,
    record: {
      key: 'k',
      value: new TextEncoder().encode(`event of ${id}`),
      headers: record('').headers,
      timestamp: START,
    },
    outcome: rejected('refused', 'braze_refused', 'no', [{ path: 'a.b', message: 'c' }]),
    undelivered: destination === null ? null : [{ part: 'event:1', outcome: rejected('refused', 'x', 'y') }],
  };
}

/**
 * @param sharing `shared`: other processes read and write it too. It cannot say at once what an append has dropped and what
 * is not read yet, makes room by itself, and a group is nobody's to give up.
 */
export function describeLogContract(
  name: string,
  createHarness: (options?: HarnessOptions) => LogHarness,
  sharing: 'alone' | 'shared' = 'alone',
): void {
  const isAlone = sharing === 'alone';
  // Alone it keeps the place of a group that has settled nothing yet.
  const again = isAlone ? 'end' : 'beginning';
  const alone = isAlone ? it : () => undefined;
  describe(`log contract: ${name}`, () => {
    let harness: LogHarness;
    let log: EventLog;

    async function use(options?: HarnessOptions): Promise<void> {
      await harness.dispose();
      harness = createHarness(options);
      log = await harness.open();
      await log.attach([{ group: 'a', start: 'beginning' }]);
    }

    beforeEach(async () => {
      harness = createHarness();
      log = await harness.open();
      await log.attach([{ group: 'a', start: 'beginning' }]);
    });

    afterEach(() => harness.dispose());

    describe('append and read', () => {
      it('reads what append resolved, whole and in order', async () => {
        const headers = { source: 'web', receivedAt: 'r', messageId: 'm', envelope: '{"context":{}}' };
        // A key on the wire is UTF-8, which has no half surrogates.
        const odd = { key: `Ünï${isAlone ? '\ud800' : ''}\n"`, headers, timestamp: START + 5 };
        await log.append(EVENTS_TOPIC, [record('one'), record('', odd), record('three')]);
        await append(log, 'four');
        const chunks = await readChunksOf(log, 'a', 4);
        expect(chunks.flatMap(textsOf)).toEqual(['one', '', 'three', 'four']);
        const [first] = chunks;
        expect(first!.record(1)).toMatchObject({
          ...odd,
          topic: harness.topic,
          partition: 0,
          offset: first!.firstOffset + 1,
          corrupt: false,
        });
        expect(chunks.reduce((sum, { bytes }) => sum + bytes, 0)).toBe('onethreefour'.length);
      });

      it('keeps the order of appends that are made at once', async () => {
        const texts = Array.from({ length: 300 }, (_, index) => `${index}`);
        await Promise.all(texts.map((text) => append(log, text)));
        expect(await readTexts(log, 'a', 300)).toEqual(texts);
      });

      it.each(['reopen', 'crash'] as const)('reads after a %s what was appended before', async (restart) => {
        await append(log, 'one', 'two');
        log = await harness[restart](log);
        await log.attach([{ group: 'a', start: again }]);
        await append(log, 'three');
        expect(await readTexts(log, 'a', 3)).toEqual(['one', 'two', 'three']);
      });

      it('hands over records appended while the reader waits at the end', async () => {
        const reading = readTexts(log, 'a', 2);
        await append(log, 'one');
        await append(log, 'two');
        expect(await reading).toEqual(['one', 'two']);
      });

      it('resolves an append of nothing, and keeps letters of an append without records', async () => {
        expect(await log.append(EVENTS_TOPIC, [])).toEqual({ duplicates: [] });
        await log.append(EVENTS_TOPIC, [], [letter('l', null)]);
        expect(await log.letter('l')).toEqual(letter('l', null));
      });

      it('refuses a record that the chunk does not have', async () => {
        await append(log, 'one');
        const [chunk] = await readChunksOf(log, 'a', 1);
        expect(() => chunk!.record(1)).toThrow(RangeError);
        expect(() => chunk!.record(-1)).toThrow(RangeError);
      });
    });

    const describeAlone = isAlone ? describe : () => undefined;
    describeAlone('duplicates', () => {
      const guarded = (id: string) => record(id, { guardId: id });

      it('drops a record whose id is known, within an append and across appends', async () => {
        const first = log.append(EVENTS_TOPIC, [guarded('x'), guarded('y'), guarded('x')]);
        const second = log.append(EVENTS_TOPIC, [guarded('y'), record('free'), guarded('z')]);
        expect([await first, await second]).toEqual([{ duplicates: [2] }, { duplicates: [0] }]);
        expect(await log.append(EVENTS_TOPIC, [guarded('z')])).toEqual({ duplicates: [0] });
        expect(await readTexts(log, 'a', 4)).toEqual(['x', 'y', 'free', 'z']);
      });

      it.each(['reopen', 'crash'] as const)('knows the ids after a %s', async (restart) => {
        await log.append(EVENTS_TOPIC, [guarded('x')]);
        log = await harness[restart](log);
        expect(await log.append(EVENTS_TOPIC, [guarded('x'), guarded('y')])).toEqual({ duplicates: [0] });
      });

      const saying = (id: string, content: number) =>
        record(`${id}${content}`, { guardId: id, guardContent: content });

      it('appends a known id with other content and names it; each of the contents is known from then on', async () => {
        const both = [saying('x', 1), saying('y', 1), saying('x', 2), saying('x', 1)];
        expect(await log.append(EVENTS_TOPIC, both)).toEqual({ duplicates: [3], conflicts: [2] });
        const again = [saying('x', 3), saying('x', 2), saying('y', 1)];
        const others = [saying('z', 1), record('free')];
        const first = log.append(EVENTS_TOPIC, again);
        const second = log.append(EVENTS_TOPIC, [...others, saying('y', 2)]);
        expect(await first).toEqual({ duplicates: [1, 2], conflicts: [0] });
        expect(await second).toEqual({ duplicates: [], conflicts: [2] });
        expect(await readTexts(log, 'a', 7)).toEqual(['x1', 'y1', 'x2', 'x3', 'z1', 'free', 'y2']);
      });

      it.each(['reopen', 'crash'] as const)('tells contents apart after a %s', async (restart) => {
        await log.append(EVENTS_TOPIC, [saying('x', 1)]);
        log = await harness[restart](log);
        expect(await log.append(EVENTS_TOPIC, [saying('x', 2), saying('x', 1)])).toEqual({
          duplicates: [1],
          conflicts: [0],
        });
      });

      it('takes any content for the same where the content of either is not known', async () => {
        await log.append(EVENTS_TOPIC, [guarded('x'), saying('y', 1)]);
        expect(await log.append(EVENTS_TOPIC, [saying('x', 1), guarded('y')])).toEqual({
          duplicates: [0, 1],
        });
      });

      it('keeps each record with its own key, headers and time when others are dropped', async () => {
        await log.append(EVENTS_TOPIC, [guarded('x')]);
        const own = { key: 'own', timestamp: START + 9, headers: { source: 's2', receivedAt: 'r2' } };
        const appended = [
          guarded('x'),
          record('b', { timestamp: START + 1 }),
          guarded('x'),
          record('d', own),
        ];
        await log.append(EVENTS_TOPIC, appended);
        const records = (await readChunksOf(log, 'a', 3)).flatMap((chunk) =>
          Array.from({ length: chunk.count }, (_, index) => chunk.record(index)),
        );
        expect(records[1]).toMatchObject({ key: 'key of b', timestamp: START + 1 });
        expect(records[2]).toMatchObject(own);
      });
    });

    describe('groups and progress', () => {
      it.each(['reopen', 'crash'] as const)(
        'gives uncommitted records again after a %s, settled ones not',
        async (restart) => {
          await append(log, '0', '1', '2', '3', '4', '5');
          await readTexts(log, 'a', 6);
          await commit(log, 'a', 1, { settled: [{ from: 2, to: 4 }], topic: harness.topic });
          log = await harness[restart](log);
          await log.attach([{ group: 'a', start: again }]);
          if (isAlone) expect(log.backlog('a')).toBe(3);
          const chunks = await readChunksOf(log, 'a', 3);
          expect(chunks.map(textsOf)).toEqual([['1'], ['4', '5']]);
          expect(chunks[0]!.resumed).toEqual({ watermark: 1, settled: [{ from: 2, to: 4 }] });
          expect(log.backlog('a')).toBe(0);
        },
      );

      it('keeps groups independent of one another', async () => {
        await log.attach([
          { group: 'a', start: 'beginning' },
          { group: 'b', start: 'beginning' },
        ]);
        await append(log, 'one', 'two');
        await readTexts(log, 'a', 2);
        await commit(log, 'a', 2, harness);
        if (isAlone) expect([log.backlog('a'), log.backlog('b')]).toEqual([0, 2]);
        expect(await readTexts(log, 'b', 2)).toEqual(['one', 'two']);
      });

      alone('starts a new group at the end or at the beginning, durably', async () => {
        await append(log, 'old');
        const groups = [
          { group: 'early', start: 'beginning' },
          { group: 'late', start: 'end' },
        ] as const;
        expect(await log.attach(groups)).toEqual(['a']);
        log = await harness.crash(log);
        await append(log, 'new');
        expect(await log.attach(groups)).toEqual([]);
        expect([log.backlog('early'), log.backlog('late')]).toEqual([2, 1]);
        expect(await readTexts(log, 'late', 1)).toEqual(['new']);
      });

      alone('gives up the cursor of a group that is not named any more', async () => {
        await append(log, 'one');
        await commit(log, 'a', 1, harness);
        expect(await log.attach([])).toEqual(['a']);
        await log.attach([{ group: 'a', start: 'beginning' }]);
        expect(log.backlog('a')).toBe(1);
      });

      alone('does nothing on a commit after the partition was lost', async () => {
        await append(log, 'one');
        const [chunk] = await readChunksOf(log, 'a', 1);
        expect(chunk!.lost.aborted).toBe(false);
        await log.attach([]);
        expect(chunk!.lost.aborted).toBe(true);
        await log.commit('a', harness.topic, 0, { watermark: 1, settled: [] }, [letter('l')]);
        expect(await log.letter('l')).toBeUndefined();
        await log.attach([{ group: 'a', start: 'beginning' }]);
        expect(await readTexts(log, 'a', 1)).toEqual(['one']);
      });
    });

    describe('reading', () => {
      alone('reads nothing ahead of what the caller asks for', async () => {
        await append(log, 'one');
        const reading = log.read('a', [EVENTS_TOPIC], AbortSignal.any([]))[Symbol.asyncIterator]();
        expect(log.backlog('a')).toBe(1);
        expect(textsOf((await reading.next()).value)).toEqual(['one']);
        await append(log, 'two');
        await log.ping();
        expect(log.backlog('a')).toBe(1);
        expect(textsOf((await reading.next()).value)).toEqual(['two']);
        expect(log.backlog('a')).toBe(0);
        await reading.return?.();
      });

      it('ends without an error when the signal fires, at the end of the log and before the start', async () => {
        const stop = new AbortController();
        await joined(log, 'a');
        const reading = log.read('a', [EVENTS_TOPIC], stop.signal)[Symbol.asyncIterator]();
        const waiting = reading.next();
        stop.abort();
        expect(await waiting).toEqual({ done: true, value: undefined });
        await append(log, 'one');
        const late = log.read('a', [EVENTS_TOPIC], stop.signal)[Symbol.asyncIterator]();
        expect((await late.next()).done).toBe(true);
      });

      alone('refuses other topics', async () => {
        expect(() => log.read('a', ['other'], AbortSignal.any([]))).toThrow('other');
        await expect(log.append('other', [])).rejects.toThrow();
        await expect(log.commit('a', EVENTS_TOPIC, 1, { watermark: 0, settled: [] })).rejects.toThrow();
      });

      alone('holds accepted + backlog at start = read + backlog now at every macrotask', async () => {
        await append(log, 'before');
        log = await harness.crash(log);
        await log.attach([{ group: 'a', start: again }]);
        const start = log.backlog('a');
        let accepted = 0;
        let read = 0;
        let checked = 0;
        const stop = new AbortController();
        const scrape = setInterval(() => {
          checked += 1;
          if (accepted + start !== read + log.backlog('a')) stop.abort(new Error('the counts differ'));
        });
        const writing = Promise.all(
          Array.from({ length: 20 }, async (_, writer) => {
            for (let round = 0; round < 20; round += 1) {
              await append(log, `${writer}.${round}`);
              accepted += 1;
            }
          }),
        );
        for await (const { count } of log.read('a', [EVENTS_TOPIC], stop.signal)) {
          read += count;
          await new Promise((resolve) => setImmediate(resolve));
          if (read === 401) break;
        }
        await writing;
        clearInterval(scrape);
        expect(checked).toBeGreaterThan(0);
        expect(stop.signal.aborted).toBe(false);
        expect([accepted, read, log.backlog('a')]).toEqual([400, 401, 0]);
      });
    });

    describe('dead letters', () => {
      it('keeps the letters of an append and of a commit, whole, newest first', async () => {
        await log.append(EVENTS_TOPIC, [record('one')], [letter('l1', null)]);
        const progress = { watermark: 1, settled: [] };
        await joined(log, 'a');
        await log.commit('a', harness.topic, 0, progress, [letter('l2'), letter('l3', 'other')]);
        log = await harness.crash(log);
        expect(await log.letters({ limit: 9 })).toEqual([
          letter('l3', 'other'),
          letter('l2'),
          letter('l1', null),
        ]);
        expect(await log.letter('none')).toBeUndefined();
        expect(log.stats().letters).toEqual(
          new Map([
            ['', 1],
            ['braze', 1],
            ['other', 1],
          ]),
        );
      });

      it('pages through the letters of a destination', async () => {
        const letters = Array.from({ length: 5 }, (_, index) =>
          letter(`l${index}`, index === 2 ? 'other' : 'braze'),
        );
        await log.append(EVENTS_TOPIC, [], letters);
        const page = async (after?: string) =>
          (await log.letters({ destination: 'braze', limit: 2, ...(after && { after }) })).map(
            ({ id }) => id,
          );
        expect([await page(), await page('l3'), await page('l0')]).toEqual([['l4', 'l3'], ['l1', 'l0'], []]);
        expect(await page('gone')).toEqual(['l4', 'l3']);
      });

      it('makes a repeated letter the same letter', async () => {
        await log.append(EVENTS_TOPIC, [], [letter('l'), letter('m')]);
        const again = { ...letter('l'), at: START + 1 };
        await joined(log, 'a');
        await log.commit('a', harness.topic, 0, { watermark: 0, settled: [] }, [again]);
        expect((await log.letters({ limit: 9 })).map(({ id, at }) => [id, at])).toEqual([
          ['l', START + 1],
          ['m', START],
        ]);
        expect(log.stats().letters).toEqual(new Map([['braze', 2]]));
      });

      it('replays letters once, those that are gone not', async () => {
        await log.append(EVENTS_TOPIC, [], [letter('l'), letter('m')]);
        const replayOf = (id: string) => {
          const headers = { ...record('').headers, replayDestination: 'braze', replayParts: 'event:1' };
          return { letterId: id, record: record(`replay of ${id}`, { headers }), parts: ['event:1'] };
        };
        const replays = [replayOf('l'), replayOf('gone'), replayOf('l')];
        expect(await log.replay(EVENTS_TOPIC, replays)).toEqual(['l']);
        log = await harness.crash(log);
        await log.attach([{ group: 'a', start: again }]);
        const [chunk] = await readChunksOf(log, 'a', 1);
        expect([chunk!.count, log.backlog('a')]).toEqual([1, 0]);
        expect(chunk!.record(0).headers).toMatchObject({
          replayDestination: 'braze',
          replayParts: 'event:1',
        });
        expect(textOf(chunk!.record(0).value)).toBe('replay of l');
        expect((await log.letters({ limit: 9 })).map(({ id }) => id)).toEqual(['m']);
      });

      it('keeps of a replayed letter what is to be kept, and replays it no more as it was', async () => {
        const kept = { part: 'attributes:0', outcome: rejected('refused', 'x', 'y') };
        const whole = { ...letter('l'), undelivered: null };
        await log.append(EVENTS_TOPIC, [], [whole]);
        const replay = { letterId: 'l', record: record('again'), parts: null, keep: [kept] };
        const [first, second] = [log.replay(EVENTS_TOPIC, [replay]), log.replay(EVENTS_TOPIC, [replay])];
        expect([await first, await second]).toEqual([['l'], []]);
        log = await harness.crash(log);
        expect(await log.letter('l')).toEqual({ ...whole, undelivered: [kept] });
        const rest = { letterId: 'l', record: record('rest'), parts: ['attributes:0'] };
        expect(await log.replay(EVENTS_TOPIC, [{ ...rest, parts: ['event:0'] }, rest])).toEqual(['l']);
        expect(log.stats()).toMatchObject({ letters: new Map(), letterBytes: 0, oldestLetterAt: null });
      });

      it('keeps what was sent and answered, and reads letters that have nothing of it', async () => {
        const delivery = {
          attempts: 2,
          firstAttemptAt: START,
          lastAttemptAt: START + 5,
          endpoint: '/users/track',
          objects: 3,
          status: 400,
          reply: '{"message":"no"}',
        };
        await log.append(EVENTS_TOPIC, [], [{ ...letter('l'), delivery }, letter('m')]);
        log = await harness.crash(log);
        expect(await log.letter('l')).toEqual({ ...letter('l'), delivery });
        expect(await log.letter('m')).toEqual(letter('m'));
      });

      it('discards letters once and for good', async () => {
        await log.append(EVENTS_TOPIC, [], [letter('l'), letter('m')]);
        expect(await log.discard(['l', 'gone', 'l'])).toEqual(['l']);
        log = await harness.crash(log);
        expect((await log.letters({ limit: 9 })).map(({ id }) => id)).toEqual(['m']);
        expect(log.stats().letters).toEqual(new Map([['braze', 1]]));
      });

      describe('looked for', () => {
        const refused = (id: string, at: number, key = 'k') => ({
          ...letter(id),
          at,
          record: { ...letter(id).record, key },
        });
        const invalid = (id: string, at: number) => ({
          ...letter(id, null),
          at,
          outcome: rejected('invalid', 'missing_type', 'no'),
          record: { ...letter(id).record, headers: { source: 'app', receivedAt: 'r' } },
        });

        beforeEach(() =>
          log.append(
            EVENTS_TOPIC,
            [],
            [
              refused('a', 10),
              invalid('b', 20),
              refused('c', 20, 'kim'),
              invalid('d', 30),
              letter('e', 'other'),
            ],
          ),
        );

        it.each<[LetterFilter, string[]]>([
          [{}, ['a', 'b', 'c', 'd', 'e']],
          [{ destination: '' }, ['b', 'd']],
          [{ destination: 'braze' }, ['a', 'c']],
          [{ code: 'missing_type' }, ['b', 'd']],
          [{ kind: 'refused' }, ['a', 'c', 'e']],
          [{ source: 'app' }, ['b', 'd']],
          [{ persons: ['kim', 'nobody'] }, ['c']],
          [{ from: 20 }, ['b', 'c', 'd', 'e']],
          [{ to: 20 }, ['a']],
          [{ from: 20, to: 30, kind: 'refused' }, ['c']],
          [{ persons: ['k'], from: 20, source: 'shop' }, ['e']],
          [{ code: 'no_such' }, []],
        ])('by %j, in both directions, page by page', async (filter, ids) => {
          const newest: string[] = [];
          for (let page = await log.letters({ ...filter, limit: 2 }); page.length > 0; ) {
            newest.push(...page.map(({ id }) => id));
            page = await log.letters({ ...filter, limit: 2, after: newest.at(-1)! });
          }
          expect(newest).toEqual(ids.toReversed());
          const oldest: string[] = [];
          for (let next: string | null | undefined; next !== null; ) {
            const page = await log.walkLetters({ ...filter, limit: 2, ...(next && { after: next }) });
            oldest.push(...page.letters.map(({ id }) => id));
            next = page.next;
          }
          expect(oldest).toEqual(ids);
          const counted = (await log.groupLetters(filter)).reduce((sum, { count }) => sum + count, 0);
          expect(counted).toBe(ids.length);
        });

        it('walks on where it was, though the letters it was given are gone', async () => {
          const first = await log.walkLetters({ limit: 2 });
          await log.discard(first.letters.map(({ id }) => id));
          const rest = await log.walkLetters({ limit: 9, after: first.next! });
          expect(rest.letters.map(({ id }) => id)).toEqual(['c', 'd', 'e']);
          expect(rest.next).toBeNull();
        });

        it('counts them by destination and code, with the first and the last', async () => {
          const of = { kind: 'refused', code: 'braze_refused' };
          expect(await log.groupLetters({})).toEqual([
            { destination: null, kind: 'invalid', code: 'missing_type', count: 2, firstAt: 20, lastAt: 30 },
            { destination: 'braze', ...of, count: 2, firstAt: 10, lastAt: 20 },
            { destination: 'other', ...of, count: 1, firstAt: START, lastAt: START },
          ]);
        });
      });

      describe('under limits', () => {
        const sized = (id: string, at: number, bytes: number): DeadLetter => ({
          ...letter(id),
          at,
          record: { ...letter(id).record, value: new Uint8Array(bytes) },
        });

        it('drops the oldest beyond the bytes, and counts them', async () => {
          await use({ letters: { retainMs: 1e15, maxBytes: 100_000 } });
          for (const id of ['a', 'b', 'c', 'd'])
            await log.append(EVENTS_TOPIC, [], [sized(id, START - 5 + id.charCodeAt(0), 30_000)]);
          expect((await log.letters({ limit: 9 })).map(({ id }) => id)).toEqual(['d', 'c', 'b']);
          expect(log.stats()).toMatchObject({
            letters: new Map([['braze', 3]]),
            lettersDropped: { age: 0, bytes: 1 },
          });
          expect(log.stats().letterBytes).toBeGreaterThan(89_999);
          expect(log.stats().letterBytes).toBeLessThan(100_000);
        });

        it('drops those that are too old, and counts them', async () => {
          let now = START;
          // Much longer than the test takes: a broker keeps them for as long too, by its own clock.
          await use({ letters: { retainMs: 1_000_000, maxBytes: 1e9 }, now: () => now });
          await log.append(EVENTS_TOPIC, [], [sized('a', START - 500_000, 1), sized('b', START, 1)]);
          expect(log.stats()).toMatchObject({ oldestLetterAt: START - 500_000, lettersDropped: { age: 0 } });
          now = START + 500_000;
          await log.append(EVENTS_TOPIC, [], []);
          await log.append(EVENTS_TOPIC, [record('one')], [sized('c', now, 1)]);
          expect((await log.letters({ limit: 9 })).map(({ id }) => id)).toEqual(['c', 'b']);
          expect(log.stats()).toMatchObject({ oldestLetterAt: START, lettersDropped: { age: 1, bytes: 0 } });
        });
      });
    });

    describe('a scan', () => {
      const at = (text: string, timestamp: number) => record(text, { timestamp });
      const scan = async (range: ScanRange, signal = AbortSignal.any([])) => {
        const texts: string[] = [];
        for await (const records of log.scan(EVENTS_TOPIC, range, signal))
          texts.push(...records.map(({ value }) => textOf(value)));
        return texts;
      };

      it('gives the records of a time in their order, whatever the groups have settled', async () => {
        await log.append(EVENTS_TOPIC, [at('early', START), at('one', START + 10)]);
        await log.append(EVENTS_TOPIC, [at('two', START + 19), at('late', START + 20)]);
        await commit(log, 'a', 3, harness);
        expect(await scan({ from: START + 10, to: START + 20 })).toEqual(['one', 'two']);
        expect(await scan({ from: START + 10, to: START + 20, offsets: new Map([[0, 2]]) })).toEqual(['two']);
        log = await harness.crash(log);
        expect(await scan({ from: 0, to: START + 999 })).toEqual(['early', 'one', 'two', 'late']);
      });

      it('ends at what was appended before it began, and hands out whole records', async () => {
        await append(log, ...Array.from({ length: 12_000 }, (_, index) => `${index}`));
        const seen: number[] = [];
        for await (const records of log.scan(
          EVENTS_TOPIC,
          { from: 0, to: START + 999 },
          AbortSignal.any([]),
        )) {
          seen.push(...records.map(({ offset }) => offset));
          expect(records[0]).toMatchObject({ topic: harness.topic, partition: 0, corrupt: false });
          await append(log, 'more');
        }
        expect(seen).toEqual(Array.from({ length: 12_000 }, (_, index) => index));
      });

      alone('leaves out what was appended after it was asked for, before it is read', async () => {
        await append(log, 'one');
        const asked = log.scan(EVENTS_TOPIC, { from: 0, to: START + 999 }, AbortSignal.any([]));
        await append(log, 'late');
        const texts: string[] = [];
        for await (const records of asked) texts.push(...records.map(({ value }) => textOf(value)));
        expect(texts).toEqual(['one']);
      });

      it('ends when its signal fires', async () => {
        await append(log, 'one');
        expect(await scan({ from: 0, to: START + 999 }, AbortSignal.abort())).toEqual([]);
      });
    });

    describe('room and end', () => {
      alone(
        'rejects appends when it is full, takes commits, and recovers when groups have moved on',
        async () => {
          await use({ maxBytes: 1_000_000 });
          const big = () =>
            log.append(EVENTS_TOPIC, [record('x'.repeat(100_000), { guardId: `${log.backlog('a')}` })]);
          let written = 0;
          const full = await (async () => {
            for (; written < 20; written += 1) await big();
          })().catch((error) => error);
          expect(full).toMatchObject({ name: 'LogError', code: 'log_full' });
          expect(written).toBeGreaterThan(2);
          await expect(big()).rejects.toMatchObject({ code: 'log_full' });
          await commit(log, 'a', written, harness);
          expect(await big()).toEqual({ duplicates: [] });
          expect(log.stats().bytes).toBeLessThanOrEqual(log.stats().maxBytes);
        },
      );

      it('writes what was appended before a close, and takes nothing more', async () => {
        const running = Promise.all(['one', 'two'].map((text) => append(log, text)));
        const closing = log.close();
        await expect(append(log, 'late')).rejects.toMatchObject({ code: 'log_closing' });
        await running;
        await closing;
        await expect(log.ping()).rejects.toMatchObject({ code: 'log_closing' });
        log = await harness.reopen(log);
        await log.attach([{ group: 'a', start: again }]);
        expect(await readTexts(log, 'a', 2)).toEqual(['one', 'two']);
      });

      it('ends the readers when it closes', async () => {
        await joined(log, 'a');
        const waiting = readTexts(log, 'a', 1);
        await nextTurn();
        await log.close();
        expect(await waiting).toEqual([]);
      });

      it('answers a ping', async () => {
        await expect(log.ping()).resolves.toBeUndefined();
      });
    });
  });
}
