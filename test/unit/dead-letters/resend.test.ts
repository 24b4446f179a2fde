import { describe, expect, it } from 'vitest';
import {
  connections,
  createResend,
  type Resend,
  type ResendResult,
} from '../../../src/dead-letters/resend.ts';
import { cursorOf, readCursor } from '../../../src/dead-letters/resend-cursor.ts';
import type { AppendRecord, ScannedRecord, ScanRange } from '../../../src/log/log.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import { EVENTS_TOPIC, type RecordHeaders } from '../../../src/model/record.ts';
import { append, readChunksOf, record, START, textOf } from '../../support/log-harness.ts';

const SOURCES = [
  { id: 'shop', destinations: null },
  { id: 'app', destinations: ['other'] },
];
const DAY = { destination: 'braze', from: START, to: START + 86_400_000 };

async function rig(...texts: string[]) {
  const log = createMemoryLog({ now: () => START });
  await append(log, ...texts);
  await log.attach([{ group: 'braze', start: 'end' }]);
  const resend = createResend({ log, now: () => START + 999, connected: connections(SOURCES) });
  const copies = async (count: number) =>
    (await readChunksOf(log, 'braze', count)).flatMap((chunk) =>
      Array.from({ length: chunk.count }, (_, index) => chunk.record(index)),
    );
  return { log, resend, copies };
}

const from = (source: string, more: Partial<RecordHeaders> = {}) => ({
  headers: { source, receivedAt: 'r', ...more },
});

/** To its end, each call where the one before stopped. */
async function inPortions(resend: Resend, limit: number): Promise<ResendResult[]> {
  const parts: ResendResult[] = [];
  for (let after: string | null | undefined; after !== null; ) {
    const part: ResendResult = await resend.send(DAY, { limit, ...(after !== undefined && { after }) });
    parts.push(part);
    after = part.next;
  }
  return parts;
}

describe('a replay of the log', () => {
  it('appends the events again, for its destination alone and without attributes unless asked', async () => {
    const { resend, copies } = await rig('one', 'two');
    expect(await resend.send(DAY)).toEqual({ sent: 2, already: 0, next: null });
    const [one, two] = await copies(2);
    expect([one, two].map((each) => textOf(each!.value))).toEqual(['one', 'two']);
    expect(one).toMatchObject({
      key: 'key of one',
      timestamp: START + 999,
      headers: { source: 'shop', replayDestination: 'braze', replayWithout: 'attributes,subscription' },
    });
    await resend.send({ ...DAY, destination: 'other' }, { withAttributes: true });
    expect((await copies(4))[2]!.headers).toEqual({ ...record('').headers, replayDestination: 'other' });
  });

  it('asked again sends nothing twice, and everything when told to', async () => {
    const { resend } = await rig('one', 'two', 'three');
    expect(await resend.send(DAY, { limit: 2 })).toEqual({ sent: 2, already: 0, next: '0:2' });
    expect(await resend.send(DAY)).toEqual({ sent: 1, already: 2, next: null });
    expect(await resend.send(DAY, { again: true })).toEqual({ sent: 3, already: 0, next: null });
  });

  it('in portions takes each event once', async () => {
    const { resend, copies } = await rig(...Array.from({ length: 1_203 }, (_, index) => `${index}`));
    let sent = 0;
    for (const part of await inPortions(resend, 250)) sent += part.sent;
    expect(sent).toBe(1_203);
    expect((await copies(1_203)).map(({ value }) => Number(textOf(value)))).toEqual(
      Array.from({ length: 1_203 }, (_, index) => index),
    );
  });

  it('takes neither replays, nor sources that do not deliver there, nor other times; the count says as much', async () => {
    const { log, resend } = await rig();
    await log.append(EVENTS_TOPIC, [
      record('early', { timestamp: START - 1 }),
      record('mine', { timestamp: START + 5 }),
      record('of another source', from('app')),
      record('of a source that is gone', from('gone')),
      record('a replay', from('shop', { replayDestination: 'braze' })),
      record('last', { timestamp: START + 7 }),
      record('late', { timestamp: DAY.to }),
    ]);
    const count = { events: 2, replays: 1, damaged: 0, firstAt: START + 5, lastAt: START + 7 };
    expect(await resend.count(DAY)).toEqual(count);
    expect(await resend.send(DAY)).toMatchObject({ sent: 2, next: null });
    expect(await resend.count({ ...DAY, source: 'nobody' })).toMatchObject({ events: 0, firstAt: null });
  });
});

/** A log whose `append` knows no duplicates; what is given is in turn of the two partitions, each from offset 5 on. */
function twoPartitions(ids: readonly string[]) {
  const held = ids.map(
    (id, index): ScannedRecord => ({
      ...record(id),
      topic: 'events',
      partition: index % 2,
      offset: 5 + Math.floor(index / 2),
      corrupt: false,
      guardId: id,
      guardContent: 7,
    }),
  );
  const appended: AppendRecord[] = [];
  const log = {
    async *scan(_topic: string, { offsets }: ScanRange) {
      const rest = held.filter(({ partition, offset }) => offset >= (offsets?.get(partition) ?? 0));
      for (let start = 0; start < rest.length; start += 3) yield rest.slice(start, start + 3);
    },
    async append(_topic: string, records: readonly AppendRecord[]) {
      appended.push(...records);
      return { duplicates: [] };
    },
  };
  const resend = createResend({ log, now: () => START, connected: () => true });
  return { resend, texts: () => appended.map(({ value }) => textOf(value)), appended };
}

describe('a replay of a log of several partitions', () => {
  it.each([1, 2, 3, 4, 100])('in portions of %i takes each event of each partition once', async (limit) => {
    const ids = Array.from({ length: 11 }, (_, index) => `m${index}`);
    const { resend, texts } = twoPartitions(ids);
    const parts = await inPortions(resend, limit);
    expect(texts()).toEqual(ids);
    expect(parts.at(-1)).toMatchObject({ next: null });
    expect(parts).toHaveLength(Math.ceil(11 / limit));
  });

  it('goes on in each partition where that one was left', async () => {
    const { resend } = twoPartitions(['a', 'b', 'c', 'd', 'e']);
    expect(await resend.send(DAY, { limit: 3 })).toEqual({ sent: 3, already: 0, next: '0:7,1:6' });
  });

  it('takes copies of an event for the same one, and its guard finds them when they are read', async () => {
    const { resend, appended } = twoPartitions(['a', 'b', 'a']);
    await resend.send(DAY);
    const [first, other, copy] = appended.map(({ guardId }) => guardId);
    expect(copy).toBe(first);
    expect(other).not.toBe(first);
  });
});

describe('the cursor of a replay', () => {
  it('is read as it was written', () => {
    const reached = new Map([
      [0, 123],
      [5, Number.MAX_SAFE_INTEGER],
    ]);
    expect(cursorOf(reached)).toBe('0:123,5:9007199254740991');
    expect(readCursor(cursorOf(reached))).toEqual(reached);
  });

  it.each([
    '',
    '5',
    '0:',
    ':1',
    '0:1,',
    '0:-1',
    '0:1.5',
    '0:1e3',
    ' 0:1',
    '0:1;1:2',
    '0:1,0:2',
    '0:9007199254740992',
  ])('is not %j', (text) => expect(readCursor(text)).toBeUndefined());
});
