import { describe, expect, it } from 'vitest';
import { letterOf } from '../../../src/dead-letters/letter.ts';
import { createDeadLetters } from '../../../src/dead-letters/store.ts';
import { type EventLog, LogError } from '../../../src/log/log.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import { createMemoryState } from '../../../src/log/memory-state.ts';
import type { DeadLetter, UndeliveredPart } from '../../../src/model/dead-letter.ts';
import { rejected } from '../../../src/model/outcome.ts';
import { EVENTS_TOPIC, type RecordHeaders } from '../../../src/model/record.ts';

const NOW = Date.UTC(2026, 10, 22, 12);
const HEADERS: RecordHeaders = {
  source: 'shop',
  receivedAt: '2026-11-22T11:00:00.000Z',
  traceparent: '00-1',
};
const refused = rejected('refused', 'braze_refused', 'no');

function letter(offset: number, destination = 'braze', parts: readonly string[] | null = null): DeadLetter {
  const value = Buffer.from(`{"userId":"kim","n":${offset}}`);
  const record = { key: 'kim', value, headers: HEADERS, timestamp: 1 };
  const undelivered = parts?.map((part): UndeliveredPart => ({ part, outcome: refused })) ?? null;
  const from = { destination, topic: EVENTS_TOPIC, partition: 0, offset, record };
  return letterOf(from, refused, undelivered, NOW - 1_000);
}

async function rig(
  letters: readonly DeadLetter[],
  log: EventLog = createMemoryLog({ state: createMemoryState() }),
) {
  await log.append(EVENTS_TOPIC, [], letters);
  await log.attach([{ group: 'braze', start: 'beginning' }]);
  return { log, deadLetters: createDeadLetters({ log, now: () => NOW, destinations: ['braze', 'other'] }) };
}

/** The records in the log, as they stand. */
async function recordsOf(log: EventLog, count: number) {
  const stop = new AbortController();
  const records = [];
  for await (const chunk of log.read('braze', [EVENTS_TOPIC], stop.signal)) {
    for (let index = 0; index < chunk.count; index += 1) records.push(chunk.record(index));
    if (records.length >= count) break;
  }
  return records;
}

describe('a replay', () => {
  it('puts back the record with its bytes, for its destination and its undelivered parts alone', async () => {
    const { log, deadLetters } = await rig([letter(7, 'other', ['event:0', 'purchase:1'])]);
    const { replayed, skipped } = await deadLetters.replay({ ids: ['other/brazier.events/0/7'] });
    expect({ replayed, skipped }).toEqual({ replayed: ['other/brazier.events/0/7'], skipped: [] });
    const [record] = await recordsOf(log, 1);
    expect(Buffer.from(record?.value ?? []).toString()).toBe('{"userId":"kim","n":7}');
    expect(record).toMatchObject({
      key: 'kim',
      timestamp: NOW,
      headers: { ...HEADERS, replayDestination: 'other', replayParts: 'event:0,purchase:1' },
    });
    expect((await deadLetters.list({ limit: 10 })).letters).toEqual([]);
  });

  it('of all letters goes oldest first, so that a person’s letters go back in their order', async () => {
    const { log, deadLetters } = await rig(Array.from({ length: 450 }, (_, offset) => letter(offset)));
    const { replayed } = await deadLetters.replay({});
    expect(replayed.length).toBe(450);
    const records = await recordsOf(log, 450);
    const order = records.map(({ value }) => JSON.parse(Buffer.from(value).toString()).n);
    expect(order).toEqual(Array.from({ length: 450 }, (_, offset) => offset));
  });

  it('of one destination leaves the letters of the others', async () => {
    const { deadLetters } = await rig([letter(1), letter(2, 'other')]);
    expect((await deadLetters.replay({ destination: 'other' })).replayed).toEqual([
      'other/brazier.events/0/2',
    ]);
    expect((await deadLetters.list({ limit: 10 })).letters.map(({ destination }) => destination)).toEqual([
      'braze',
    ]);
  });

  it('keeps a letter whose destination is not configured: nobody would read its record', async () => {
    const { deadLetters } = await rig([letter(1, 'renamed')]);
    const { replayed, skipped } = await deadLetters.replay({});
    expect(replayed).toEqual([]);
    expect(skipped).toEqual([
      { id: 'renamed/brazier.events/0/1', reason: 'destination renamed is not configured, or detached' },
    ]);
    expect((await deadLetters.list({ limit: 10 })).letters.length).toBe(1);
  });

  it('keeps what ingest turned away, and names ids that nobody knows', async () => {
    const { deadLetters } = await rig([{ ...letter(1), id: 'ingest/1', destination: null, position: null }]);
    const { skipped } = await deadLetters.replay({ ids: ['ingest/1', 'nonsense'] });
    expect(skipped.map(({ id }) => id).sort()).toEqual(['ingest/1', 'nonsense']);
    expect((await deadLetters.list({ limit: 10 })).letters.length).toBe(1);
  });

  it('twice is one replay', async () => {
    const { log, deadLetters } = await rig([letter(1)]);
    const ids = ['braze/brazier.events/0/1'];
    const results = await Promise.all([deadLetters.replay({ ids }), deadLetters.replay({ ids })]);
    expect(results.flatMap(({ replayed }) => replayed)).toEqual(ids);
    expect(results.flatMap(({ skipped }) => skipped)).toEqual([
      { id: ids[0], reason: 'replayed or discarded meanwhile' },
    ]);
    expect((await recordsOf(log, 1)).length).toBe(1);
  });

  it('leaves what has attributes only, and of a mixed letter the attributes, until they are asked for', async () => {
    const { log, deadLetters } = await rig([
      letter(1, 'braze', ['attributes:0']),
      letter(2, 'braze', ['event:0', 'attributes:0', 'subscription:1']),
    ]);
    const [one, two] = ['braze/brazier.events/0/1', 'braze/brazier.events/0/2'];
    expect(await deadLetters.replay({})).toMatchObject({
      replayed: [two],
      kept: [two],
      skipped: [{ id: one, reason: expect.stringContaining('only attributes') }],
    });
    expect((await deadLetters.list({ limit: 10 })).letters.map(({ undelivered }) => undelivered)).toEqual([
      ['attributes:0', 'subscription:1'],
      ['attributes:0'],
    ]);
    expect(await deadLetters.replay({}, { withAttributes: true })).toMatchObject({
      replayed: [one, two],
      kept: [],
    });
    const parts = (await recordsOf(log, 3)).map(({ headers }) => headers.replayParts);
    expect(parts).toEqual(['event:0', 'attributes:0', 'attributes:0,subscription:1']);
    expect((await deadLetters.count({})).count).toBe(0);
  });

  it('in portions takes each letter once, and none that was written after it began', async () => {
    let now = NOW;
    const log = createMemoryLog();
    await log.append(
      EVENTS_TOPIC,
      [],
      Array.from({ length: 7 }, (_, offset) => letter(offset)),
    );
    const deadLetters = createDeadLetters({ log, now: () => now, destinations: ['braze'] });
    const replayed: string[] = [];
    for (let after: string | null | undefined; after !== null; ) {
      const part = await deadLetters.replay({}, { limit: 3, ...(after && { after }) });
      replayed.push(...part.replayed);
      now += 10;
      await log.append(EVENTS_TOPIC, [], [{ ...letter(100 + replayed.length), at: now }]);
      after = part.next;
    }
    expect(replayed).toEqual(Array.from({ length: 7 }, (_, offset) => `braze/brazier.events/0/${offset}`));
  });

  it('that the log has no room for half-way tells what went and what stays', async () => {
    const log = createMemoryLog();
    const replay = log.replay.bind(log);
    let batches = 0;
    log.replay = (...batch) => {
      batches += 1;
      return batches === 1 ? replay(...batch) : Promise.reject(new LogError('log_full', 'the log is full'));
    };
    const { deadLetters } = await rig(
      Array.from({ length: 300 }, (_, offset) => letter(offset)),
      log,
    );
    const { replayed, skipped } = await deadLetters.replay({});
    expect([replayed.length, skipped.length]).toEqual([200, 100]);
    expect(skipped[0]?.reason).toBe('the log is full');
    expect((await deadLetters.list({ limit: 1000 })).letters.length).toBe(100);
  });
});

describe('dead letters as they are shown', () => {
  it('a listing holds no payload and no key of a person', async () => {
    const { deadLetters } = await rig([letter(1, 'braze', ['event:0'])]);
    const { letters } = await deadLetters.list({ limit: 10 });
    expect(letters).toEqual([
      {
        id: 'braze/brazier.events/0/1',
        destination: 'braze',
        source: 'shop',
        at: '2026-11-22T11:59:59.000Z',
        kind: 'refused',
        code: 'braze_refused',
        undelivered: ['event:0'],
      },
    ]);
  });

  it('a canary of the event, of its person or of the reasons is in no listing that was not asked for it', async () => {
    const quoting = rejected('refused', 'braze_refused', 'no canary please', [
      { path: 'canary', message: 'canary' },
    ]);
    const canary = letter(1, 'braze', ['event:0']);
    const { deadLetters } = await rig([
      {
        ...canary,
        outcome: quoting,
        undelivered: [{ part: 'event:0', outcome: quoting }],
        record: { ...canary.record, key: 'canary', value: Buffer.from('{"trait":"canary"}') },
        delivery: {
          attempts: 1,
          firstAttemptAt: NOW,
          lastAttemptAt: NOW,
          endpoint: '/users/track',
          objects: 1,
          status: 400,
          reply: 'canary',
        },
      },
    ]);
    const ids = [canary.id];
    const shown = await Promise.all([
      deadLetters.list({ limit: 10 }),
      deadLetters.list({ limit: 10, person: 'canary' }),
      deadLetters.count({}),
      deadLetters.count({ ids }),
      deadLetters.discard({ ids: ['other'] }),
    ]);
    expect(JSON.stringify(shown)).not.toContain('canary');
    const { letters } = await deadLetters.list({ limit: 10, showPayload: true });
    expect(letters).toMatchObject([
      { person: 'canary', message: 'no canary please', payload: '{"trait":"canary"}' },
    ]);
    expect(await deadLetters.show(canary.id)).toMatchObject({
      delivery: { attempts: 1, firstAttemptAt: '2026-11-22T12:00:00.000Z', status: 400, reply: 'canary' },
    });
    expect(JSON.stringify(await deadLetters.replay({}))).not.toContain('canary');
  });

  it.each(['kim', 'external_id:kim', 'alias:rudder_id:kim'])(
    'are found by the person, whether the letter has %s',
    async (key) => {
      const of = (offset: number, person: string) => ({
        ...letter(offset),
        record: { ...letter(offset).record, key: person },
      });
      const { deadLetters } = await rig([of(1, key), of(2, 'external_id:kimberly')]);
      const { letters } = await deadLetters.list({ limit: 10, person: 'kim' });
      expect(letters.map(({ id }) => id)).toEqual(['braze/brazier.events/0/1']);
    },
  );

  it('are counted by destination and code, of ids as of filters', async () => {
    const { deadLetters } = await rig([letter(1), letter(2), letter(3, 'other')]);
    const group = {
      destination: 'braze',
      kind: 'refused',
      code: 'braze_refused',
      count: 2,
      first: '2026-11-22T11:59:59.000Z',
      last: '2026-11-22T11:59:59.000Z',
    };
    expect(await deadLetters.count({ destination: 'braze' })).toEqual({ count: 2, groups: [group] });
    const ids = [letter(1).id, letter(2).id, letter(2).id, 'unknown'];
    expect(await deadLetters.count({ ids })).toEqual({ count: 2, groups: [group] });
  });

  it('one letter is shown whole, with why each part was not delivered', async () => {
    const { deadLetters } = await rig([letter(1, 'braze', ['event:0'])]);
    expect(await deadLetters.show('braze/brazier.events/0/1')).toMatchObject({
      payload: '{"userId":"kim","n":1}',
      parts: [{ part: 'event:0', code: 'braze_refused', message: 'no' }],
      headers: HEADERS,
    });
    expect(await deadLetters.show('nonsense')).toBeUndefined();
  });
});

describe('a discard', () => {
  it('deletes what is meant and nothing else, and names ids that nobody knows', async () => {
    const { log, deadLetters } = await rig([letter(1), letter(2, 'other'), letter(3)]);
    expect(await deadLetters.discard({ ids: [letter(1).id, 'nonsense'] })).toEqual({
      discarded: [letter(1).id],
      skipped: [{ id: 'nonsense', reason: 'no such dead letter' }],
      next: null,
    });
    expect((await deadLetters.discard({ destination: 'other' })).discarded).toEqual([letter(2, 'other').id]);
    expect((await deadLetters.list({ limit: 10 })).letters.map(({ id }) => id)).toEqual([letter(3).id]);
    expect(log.backlog('braze')).toBe(0);
  });
});
