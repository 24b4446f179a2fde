import { describe, expect, it } from 'vitest';
import { createTrace } from '../../../src/delivery/trace.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import { createMemoryState } from '../../../src/log/memory-state.ts';
import { EVENTS_TOPIC } from '../../../src/model/record.ts';
import { systemClock } from '../../../src/model/time.ts';
import { createJournal } from '../../../src/pipeline/journal.ts';
import { passageOf } from '../../../src/pipeline/passage.ts';
import { createWatermark } from '../../../src/pipeline/watermark.ts';
import { operation } from '../../support/operations.ts';
import { HEADERS } from './rig.ts';

/** The machine's date stands still. */
const clock = { ...systemClock, epochMs: () => 1_000 };

function journalOf(group: string, log: ReturnType<typeof createMemoryLog>, onDoubt = (_count: number) => {}) {
  return createJournal({
    log,
    group,
    clock,
    hold: false,
    signal: new AbortController().signal,
    onDoubt,
    onError: (error) => {
      throw error;
    },
  });
}

/** A request with an event of each of so many records. */
function requestOf(count: number) {
  const partition = {
    topic: EVENTS_TOPIC,
    partition: 0,
    watermark: createWatermark({ watermark: 0, settled: [] }),
  };
  const items = Array.from({ length: count }, (_, offset) => {
    const place = { topic: EVENTS_TOPIC, partition: 0, offset, corrupt: false };
    const record = { key: 'k', value: new Uint8Array(), headers: HEADERS, timestamp: 1_000, ...place };
    return {
      operation: operation('event', `u${offset}`),
      owner: passageOf(record, '', partition),
      addedAt: 0,
    };
  });
  const operations = items.map((item) => item.operation);
  return { endpoint: '/users/track', items, trace: createTrace('/users/track', operations) } as const;
}

describe('the journal', () => {
  it('notes every request under an id of its own: of two destinations in one instant, and of a run whose clock went back', async () => {
    const state = createMemoryState();
    for (const log of [createMemoryLog({ state }), createMemoryLog({ state })]) {
      for (const group of ['one', 'other']) await journalOf(group, log).leaving(requestOf(1));
    }
    const noted = await createMemoryLog({ state }).requests({ limit: 10 });
    expect(noted.map(({ group }) => group)).toEqual(['other', 'one', 'other', 'one']);
  });

  it('ends a note when the last of its objects is durable, and counts its doubts once', async () => {
    const log = createMemoryLog();
    const doubts: number[] = [];
    const journal = journalOf('one', log, (count) => doubts.push(count));
    const request = requestOf(2);
    await journal.leaving(request);
    const lost = { kind: 'retry', code: 'timeout', throttled: false, fateUnknown: true } as const;
    request.trace.note(
      { at: 1, durationMs: 1, status: null, what: 'timeout', objects: 2 },
      { failure: 'timeout', message: '' },
      lost,
    );
    const [first, second] = request.items;
    if (!first || !second) throw new Error('two were made');
    journal.settled({ ...request, items: [first] });
    expect(await log.unfinished('one')).toHaveLength(1);
    journal.settled({ ...request, items: [second] });
    expect(await log.unfinished('one')).toEqual([]);
    expect(doubts).toEqual([2]);
  });
});
