import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKafkaLetters, type KafkaLetters } from '../../../../src/log/kafka/letters.ts';
import { partitionOf } from '../../../../src/log/kafka/partitioner.ts';
import type { AppendRecord, LetterLimits, Replay } from '../../../../src/log/log.ts';
import type { DeadLetter } from '../../../../src/model/dead-letter.ts';
import { EVENTS_TOPIC } from '../../../../src/model/record.ts';
import { letter } from '../../../contract/log.contract.ts';
import { record, START } from '../../../support/log-harness.ts';
import { LETTER_TOPIC, LIMITS } from './composed-log.ts';
import { createTopics, type TopicsInMemory } from './topics-in-memory.ts';

let topics: TopicsInMemory;
let appended: AppendRecord[];
let warnings: string[];
let opened: KafkaLetters[];
let onAppend: () => void | Promise<void>;

interface Opening {
  readonly limits?: LetterLimits;
  readonly maxMessageBytes?: number;
  readonly now?: () => number;
}

/** As another process, or the same after a restart, has them. */
function open({ limits = LIMITS, maxMessageBytes = 1_000_000, now = () => START }: Opening = {}) {
  const letters = createKafkaLetters({
    ...topics,
    topic: { ...LETTER_TOPIC, maxMessageBytes },
    limits,
    now,
    async append(_topic, records) {
      appended.push(...records);
      await onAppend();
    },
    onWarning: (message) => warnings.push(message),
  });
  opened.push(letters);
  return letters;
}

beforeEach(() => {
  topics = createTopics();
  [appended, warnings, opened] = [[], [], []];
  onAppend = () => undefined;
});

afterEach(() => {
  for (const each of opened) each.close();
});

async function idsOf(letters: KafkaLetters): Promise<string[]> {
  return (await letters.letters({ limit: 99 })).map(({ id }) => id);
}

function replayOf(id: string, more: Partial<Replay> = {}): Replay {
  return { letterId: id, record: record(`again ${id}`), parts: ['event:1'], ...more };
}

function sized(id: string, bytes: number, at = START): DeadLetter {
  const value = new Uint8Array(bytes).map((_, index) => index % 251);
  return { ...letter(id), at, record: { ...letter(id).record, value } };
}

/** All messages of the topic, partition by partition. */
function messages() {
  return [0, 1, 2].flatMap((partition) => topics.partition('letters', partition).messages);
}

describe('a letter in its topic', () => {
  it('is a message of its id with the record’s own bytes, and headers for people', async () => {
    await open().put([letter('braze/brazier.events/0/7')]);
    const [message] = messages();
    expect(message?.key?.toString()).toBe('braze/brazier.events/0/7');
    expect(message?.value?.toString()).toBe('event of braze/brazier.events/0/7');
    expect(message?.timestamp).toBe(START);
    const { 'brazier-letter': detail, ...shown } = message!.headers;
    expect(Object.fromEntries(Object.entries(shown).map(([name, text]) => [name, text?.toString()]))).toEqual(
      {
        destination: 'braze',
        kind: 'refused',
        code: 'braze_refused',
        source: 'shop',
        'original-topic': 'brazier.events',
        'original-partition': '0',
        'original-offset': '0',
        'original-key': 'k',
        attempts: '0',
        'first-seen': new Date(START).toISOString(),
      },
    );
    expect(JSON.parse(detail!.toString())).toMatchObject({ v: 1, outcome: { code: 'braze_refused' } });
  });

  it('stands in the partition of its id, so that its tombstone does too', async () => {
    await open().put([letter('a')]);
    const partition = partitionOf('a', 3);
    expect(topics.partition('letters', partition).messages).toHaveLength(1);
  });

  it('is whole after the topic was compacted, and gone for good when it was discarded', async () => {
    const letters = open();
    await letters.put([letter('a'), letter('b'), letter('c')]);
    await letters.put([{ ...letter('a'), at: START + 1 }]);
    await letters.discard(['b']);
    topics.compact('letters');
    expect(await open().letters({ limit: 9 })).toEqual([{ ...letter('a'), at: START + 1 }, letter('c')]);
    expect(messages()).toHaveLength(3);
  });

  it('comes after those of its millisecond that were written before, also by another process', async () => {
    for (const ids of [['a', 'b', 'c'], ['d'], ['e']]) {
      const letters = open();
      await letters.groupLetters({});
      for (const id of ids) await letters.put([letter(id)]);
    }
    expect(await idsOf(open())).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  it('keeps its place in a walk when a part of it was replayed', async () => {
    const letters = open();
    await letters.put([letter('a'), letter('b')]);
    await letters.replay(EVENTS_TOPIC, [replayOf('a', { keep: letter('a').undelivered! })]);
    expect(await idsOf(open())).toEqual(['b', 'a']);
  });

  it('is read once by whoever follows, whatever is asked', async () => {
    const letters = open();
    await letters.put([letter('a'), letter('b'), letter('c')]);
    await letters.groupLetters({});
    const before = topics.handedOut;
    await letters.groupLetters({});
    await letters.groupLetters({ code: 'x' });
    expect(topics.handedOut).toBe(before);
  });

  it('is passed over, and said so once, when this version does not know it', async () => {
    await topics.outbox.send('letters', 0, [
      { key: 'x', value: Buffer.from('?'), headers: {}, timestamp: START },
      { key: 'y', value: Buffer.from('?'), headers: { 'brazier-letter': '{"v":2}' }, timestamp: START },
      { key: null, value: Buffer.from('?'), headers: {}, timestamp: START },
      { key: 'z', value: Buffer.from('?'), headers: { 'brazier-letter': '{' }, timestamp: START },
    ]);
    expect(await idsOf(open())).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('letters holds messages that are no dead letters')]);
  });
});

describe('a letter larger than a message', () => {
  it('is kept whole in pieces, through a restart and compaction', async () => {
    const large = sized('large', 10_000);
    await open().put([letter('a'), large, letter('b')]);
    const letters = open({ maxMessageBytes: 5_000 });
    await letters.put([{ ...large, at: START + 1 }]);
    expect(messages().every(({ value }) => (value?.length ?? 0) <= 10_000)).toBe(true);
    topics.compact('letters');
    const again = open();
    expect(await again.letters({ limit: 9 })).toEqual([
      { ...large, at: START + 1 },
      letter('b'),
      letter('a'),
    ]);
    expect(again.stats().letterBytes).toBe(letters.stats().letterBytes);
  });

  it('is kept whole when what is told of it is large, and its headers for people are short', async () => {
    const outcome = { ...letter('l').outcome, message: 'ü'.repeat(9_000) };
    const large = { ...letter('l'), outcome, record: { ...letter('l').record, key: 'k'.repeat(3_000) } };
    await open({ maxMessageBytes: 5_000 }).put([large]);
    expect(await open().letter('l')).toEqual(large);
    const sizes = messages().map(({ headers }) => Object.values(headers).map((text) => text?.length ?? 0));
    expect(Math.max(...sizes.flat())).toBeLessThan(1_000);
  });

  it('leaves nothing behind when it is discarded', async () => {
    const letters = open({ maxMessageBytes: 5_000 });
    await letters.put([sized('large', 10_000)]);
    expect(await letters.discard(['large'])).toEqual(['large']);
    topics.compact('letters');
    expect(messages().filter(({ value }) => value !== null)).toEqual([]);
  });

  it('does not name pieces that a later writing of it has replaced', async () => {
    const letters = open({ maxMessageBytes: 5_000 });
    await letters.put([sized('large', 10_000)]);
    const whole = messages().length;
    await letters.put([sized('large', 10_000)]);
    // Of the second writing all but its last message, the letter's own: the process was killed.
    topics.partition('letters', partitionOf('large', 3)).messages.pop();
    topics.compact('letters');
    expect(messages().length).toBe(2 * whole - 1);
    expect(await open().letter('large')).toEqual(sized('large', 10_000));
  });
});

describe('letters of two processes', () => {
  it('are seen by each as soon as they are asked for', async () => {
    const [one, two] = [open(), open()];
    await one.put([letter('a')]);
    await two.put([letter('b')]);
    expect([await idsOf(one), await idsOf(two)]).toEqual([
      ['b', 'a'],
      ['b', 'a'],
    ]);
    expect(await one.discard(['b'])).toEqual(['b']);
    expect(await two.letter('b')).toBeUndefined();
    expect(await two.replay(EVENTS_TOPIC, [replayOf('b')])).toEqual([]);
  });

  it('that another one ended before the writer heard of its own write stay ended', async () => {
    const [one, two] = [open(), open()];
    const { send } = topics.outbox;
    const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
    vi.spyOn(topics.outbox, 'send').mockImplementationOnce(async (...sent) => {
      const offset = await send(...sent);
      await heard;
      return offset;
    });
    const put = one.put([letter('a')]);
    await vi.waitFor(async () => expect(await two.discard(['a'])).toEqual(['a']));
    expect(await idsOf(one)).toEqual([]);
    hear();
    await put;
    expect(one.stats().letters).toEqual(new Map());
  });

  it('are seen though a look that began before them is still under way', async () => {
    const [one, two] = [open(), open()];
    await two.put([letter('a')]);
    const { read } = topics.reader;
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: held, resolve: hold } = Promise.withResolvers<void>();
    vi.spyOn(topics.reader, 'read').mockImplementationOnce(async function* (...range) {
      hold();
      await released;
      yield* read(...range);
    });
    const first = idsOf(one);
    await held;
    await two.put([letter('b')]);
    const second = idsOf(one);
    release();
    await first;
    expect(await second).toEqual(['b', 'a']);
  });

  it('replayed by both at once are appended under one id, which the guard knows', async () => {
    const [one, two] = [open(), open()];
    await one.put([letter('a')]);
    onAppend = () => vi.waitFor(() => expect(appended).toHaveLength(2));
    await Promise.all([one.replay(EVENTS_TOPIC, [replayOf('a')]), two.replay(EVENTS_TOPIC, [replayOf('a')])]);
    expect(appended).toHaveLength(2);
    expect(new Set(appended.map(({ guardId }) => guardId)).size).toBe(1);
    expect(await idsOf(one)).toEqual([]);
  });
});

describe('a replay', () => {
  it('that was cut between append and tombstone is the same to the guard when it is made again', async () => {
    const letters = open();
    await letters.put([letter('a')]);
    onAppend = () => topics.failSends(1);
    await expect(letters.replay(EVENTS_TOPIC, [replayOf('a')])).rejects.toMatchObject({
      code: 'log_unavailable',
    });
    onAppend = () => undefined;
    expect(await idsOf(letters)).toEqual(['a']);
    expect(await open().replay(EVENTS_TOPIC, [replayOf('a')])).toEqual(['a']);
    expect(appended.map(({ guardId }) => guardId)).toEqual([appended[0]!.guardId, appended[0]!.guardId]);
  });

  it('of more than before is another one to the guard: what was kept back is not taken for sent', async () => {
    const letters = open();
    const kept = letter('a').undelivered!;
    await letters.put([letter('a')]);
    onAppend = () => topics.failSends(1);
    await letters.replay(EVENTS_TOPIC, [replayOf('a', { keep: kept })]).catch(() => undefined);
    onAppend = () => undefined;
    await letters.replay(EVENTS_TOPIC, [replayOf('a')]);
    expect(new Set(appended.map(({ guardId }) => guardId)).size).toBe(2);
  });

  it('erases nothing when it cannot append', async () => {
    const letters = open();
    await letters.put([letter('a')]);
    onAppend = () => {
      throw new Error('no');
    };
    await expect(letters.replay(EVENTS_TOPIC, [replayOf('a')])).rejects.toThrow('no');
    expect(await idsOf(letters)).toEqual(['a']);
  });
});

describe('limits', () => {
  it('hide what is too old, also from a process that begins later', async () => {
    let now = START;
    const limits = { retainMs: 1_000, maxBytes: 1e9 };
    const letters = open({ limits, now: () => now });
    await letters.put([letter('a'), { ...letter('b'), at: START + 500 }]);
    now = START + 1_000;
    expect(await idsOf(letters)).toEqual(['b']);
    expect(letters.stats().lettersDropped).toEqual({ age: 1, bytes: 0 });
    const later = open({ limits, now: () => now });
    expect(await idsOf(later)).toEqual(['b']);
    expect(later.stats().lettersDropped).toEqual({ age: 0, bytes: 0 });
  });

  it('end the oldest beyond the bytes for every process, and one of them counts it', async () => {
    const limits = { retainMs: 1e15, maxBytes: 25_000 };
    const [one, two] = [open({ limits }), open({ limits })];
    for (const id of ['a', 'b', 'c', 'd']) await one.put([sized(id, 8_000, START + id.charCodeAt(0))]);
    expect([await idsOf(one), await idsOf(two), await idsOf(open())]).toEqual(
      Array.from({ length: 3 }, () => ['d', 'c']),
    );
    expect(one.stats().lettersDropped).toEqual({ age: 0, bytes: 2 });
    expect(two.stats().lettersDropped).toEqual({ age: 0, bytes: 0 });
  });

  it('count what the topic’s own retention took', async () => {
    const letters = open();
    await letters.put([letter('a')]);
    await letters.letters({ limit: 1 });
    topics.cut('letters', partitionOf('a', 3), 1);
    expect(await idsOf(letters)).toEqual([]);
    expect(letters.stats()).toMatchObject({
      lettersDropped: { age: 1 },
      letterBytes: 0,
      oldestLetterAt: null,
    });
  });
});

describe('failures', () => {
  it('to find a letter where it stood leave it out, and out of the figures', async () => {
    const letters = open();
    await letters.put([letter('a'), letter('b'), letter('c')]);
    await letters.letters({ limit: 1 });
    topics.partition('letters', partitionOf('c', 3)).messages.pop();
    expect(await letters.letters({ limit: 2 })).toEqual([letter('b'), letter('a')]);
    expect(letters.stats().letters).toEqual(new Map([['braze', 2]]));
  });

  it('of a put reach the caller, and a repeat is the same letter', async () => {
    const letters = open();
    topics.failSends(1);
    const put = letters.put([letter('a'), letter('b')]);
    await expect(put).rejects.toMatchObject({ code: 'log_unavailable' });
    await letters.put([letter('a'), letter('b')]);
    expect((await idsOf(letters)).toSorted()).toEqual(['a', 'b']);
  });

  it('of following are said once, and it goes on', async () => {
    const bounds = vi.spyOn(topics.reader, 'bounds').mockRejectedValue(new Error('away'));
    const letters = open();
    await vi.waitFor(() => expect(warnings).toHaveLength(1));
    expect(warnings).toEqual([expect.stringContaining('away')]);
    bounds.mockRestore();
    await letters.put([letter('a')]);
    expect(await idsOf(letters)).toEqual(['a']);
  });

  it('end what is asked after a close', async () => {
    const letters = open();
    await letters.put([letter('a')]);
    letters.close();
    await expect(letters.letters({ limit: 1 })).rejects.toMatchObject({ code: 'log_closing' });
    await expect(letters.discard(['a'])).rejects.toMatchObject({ code: 'log_closing' });
  });
});
