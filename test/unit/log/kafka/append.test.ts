import { describe, expect, it } from 'vitest';
import { createAppend } from '../../../../src/log/kafka/append.ts';
import type { Outbox } from '../../../../src/log/kafka/outbox.ts';
import { maxValueBytesOf } from '../../../../src/log/kafka/outbox-size.ts';
import { partitionOf } from '../../../../src/log/kafka/partitioner.ts';
import { type OutMessage, type RawMessage, recordOf } from '../../../../src/log/kafka/record-codec.ts';
import { type AppendRecord, LogError } from '../../../../src/log/log.ts';
import type { DeadLetter } from '../../../../src/model/dead-letter.ts';
import { EVENTS_TOPIC } from '../../../../src/model/record.ts';

const EVENTS = { topic: 'my.events', partitions: 8, maxMessageBytes: 1_048_588 };

function recordFor(key: string, change: Partial<AppendRecord> = {}): AppendRecord {
  const headers = { source: 'web', receivedAt: '2026-11-22T00:00:00.000Z' };
  return {
    key,
    value: Buffer.from(`{"userId":"${key}"}`),
    headers,
    timestamp: 5,
    guardId: `web\0${key}`,
    ...change,
  };
}

const LETTER = { id: 'l1' } as DeadLetter;

/** An append whose outbox remembers what it was given; `fail` rejects what is sent to a partition. */
function rig(fail: (partition: number) => Error | undefined = () => undefined) {
  const sent: { topic: string; partition: number; messages: readonly OutMessage[] }[] = [];
  const letters: DeadLetter[] = [];
  const send: Outbox['send'] = async (topic, partition, messages) => {
    sent.push({ topic, partition, messages });
    const error = fail(partition);
    if (error) throw error;
    return 0;
  };
  const putLetters = async (put: readonly DeadLetter[]) => {
    letters.push(...put);
  };
  return { sent, letters, append: createAppend({ outbox: { send }, events: EVENTS, putLetters }) };
}

function read(message: OutMessage) {
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, text]) => [name, Buffer.from(text)]),
  );
  const raw: RawMessage = {
    ...message,
    offset: 0,
    key: Buffer.from(message.key ?? ''),
    value: Buffer.from(message.value ?? ''),
    headers,
  };
  return recordOf(raw, { topic: 't', partition: 0 });
}

describe('an append', () => {
  it('hands each partition its records once, in their order, and knows of no duplicates', async () => {
    const { sent, append } = rig();
    const keys = Array.from({ length: 60 }, (_, index) => `u${index % 20}`);
    expect(
      await append(
        EVENTS_TOPIC,
        keys.map((key) => recordFor(key)),
      ),
    ).toEqual({ duplicates: [] });
    expect(new Set(sent.map(({ partition }) => partition)).size).toBe(sent.length);
    for (const { topic, partition, messages } of sent) {
      expect(topic).toBe('my.events');
      expect(messages.map(({ key }) => key)).toEqual(keys.filter((key) => partitionOf(key, 8) === partition));
    }
    expect(sent.flatMap(({ messages }) => messages)).toHaveLength(60);
  });

  it('takes the partition of an id that is too long from the key that is written, so that a replay goes there too', async () => {
    const { sent, append } = rig();
    await append(EVENTS_TOPIC, [recordFor('x'.repeat(2_000))]);
    expect(sent[0]?.partition).toBe(partitionOf(sent[0]?.messages[0]?.key ?? '', 8));
  });

  it('writes the letters of ingest too, also when there is no record', async () => {
    const { sent, letters, append } = rig();
    await append(EVENTS_TOPIC, [], [LETTER]);
    expect(letters).toEqual([LETTER]);
    expect(sent).toEqual([]);
  });

  it('rejects when one part of it failed, and not before all have ended', async () => {
    const failing = partitionOf('u1', 8);
    const { append, letters } = rig((partition) =>
      partition === failing ? new LogError('log_unavailable', 'no broker') : undefined,
    );
    const records = ['u1', 'u2', 'u3', 'u4'].map((key) => recordFor(key));
    await expect(append(EVENTS_TOPIC, records, [LETTER])).rejects.toMatchObject({ code: 'log_unavailable' });
    expect(letters).toEqual([LETTER]);
  });

  it('does not hide a bug behind a failure of the brokers', async () => {
    const bug = partitionOf('u2', 8);
    const { append } = rig((partition) =>
      partition === bug ? new TypeError('a bug') : new LogError('log_unavailable', 'no broker'),
    );
    const records = ['u1', 'u2', 'u3', 'u4'].map((key) => recordFor(key));
    await expect(append(EVENTS_TOPIC, records)).rejects.toThrow('a bug');
  });
});

describe('an event that links two identities', () => {
  const halves = { links: [{ key: 'anonymous', half: 'link' as const }], rest: true };

  it('stands behind the events of the one that goes, and with the person: each half guarded by itself', async () => {
    const { sent, append } = rig();
    await append(EVENTS_TOPIC, [recordFor('u1', { halves })]);
    const records = sent.flatMap(({ messages }) => messages).map(read);
    expect(records.map(({ key, headers, guardId }) => [key, headers.half, guardId])).toEqual([
      ['anonymous', 'link', 'web\0u1\0link'],
      ['u1', 'rest', 'web\0u1'],
    ]);
    expect(sent.map(({ partition }) => partition)).toEqual(
      ['anonymous', 'u1'].map((key) => partitionOf(key, 8)),
    );
  });

  it('has no rest when it says nothing else', async () => {
    const { sent, append } = rig();
    const links = [...halves.links, { key: 'previous', half: 'merge' as const }];
    await append(EVENTS_TOPIC, [recordFor('u1', { halves: { links, rest: false } })]);
    const records = sent.flatMap(({ messages }) => messages).map(read);
    expect(records.map(({ key, headers }) => [key, headers.half]).sort()).toEqual([
      ['anonymous', 'link'],
      ['previous', 'merge'],
    ]);
  });
});

describe('a record that is too large', () => {
  it('is refused before anything of the call is stored', async () => {
    const { sent, letters, append } = rig();
    const huge = recordFor('u2', { value: Buffer.alloc(1_048_500) });
    await expect(append(EVENTS_TOPIC, [recordFor('u1'), huge], [LETTER])).rejects.toMatchObject({
      code: 'log_oversized',
      message: expect.stringMatching(/my\.events.*max\.message\.bytes is 1048588/) as string,
    });
    expect([sent, letters]).toEqual([[], []]);
  });

  it('is none that ingest lets through: the largest value fits beside the largest of everything else', async () => {
    const { append } = rig();
    const largest = recordFor('\u0000'.repeat(1_024), {
      value: Buffer.alloc(maxValueBytesOf(EVENTS)),
      guardId: '\u0000'.repeat(512),
      guardContent: 0xffffffff,
      headers: {
        source: 's'.repeat(200),
        receivedAt: '2026-11-22T00:00:00.000Z',
        sentAt: '\u0000'.repeat(64),
        type: 'identify',
        envelope: 'e'.repeat(32 * 1_024),
        traceparent: 't'.repeat(128),
        half: 'merge',
      },
    });
    await append(EVENTS_TOPIC, [largest]);
    // The largest event that ingest takes fits into Kafka's default.
    expect(maxValueBytesOf(EVENTS)).toBeGreaterThanOrEqual(1_000_000);
  });
});
