import { describe, expect, it } from 'vitest';
import { connections, createResend } from '../../../src/dead-letters/resend.ts';
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
    expect(await resend.send(DAY, { limit: 2 })).toEqual({ sent: 2, already: 0, next: 2 });
    expect(await resend.send(DAY)).toEqual({ sent: 1, already: 2, next: null });
    expect(await resend.send(DAY, { again: true })).toEqual({ sent: 3, already: 0, next: null });
  });

  it('in portions takes each event once', async () => {
    const { resend, copies } = await rig(...Array.from({ length: 1_203 }, (_, index) => `${index}`));
    let sent = 0;
    for (let after: number | null = 0; after !== null; ) {
      const part = await resend.send(DAY, { limit: 250, after });
      sent += part.sent;
      after = part.next;
    }
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
