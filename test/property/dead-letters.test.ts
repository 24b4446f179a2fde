/** However many ask for replays and discards at once, and whenever the process dies: each part of a letter is in one place. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { letterOf } from '../../src/dead-letters/letter.ts';
import type { Wanted } from '../../src/dead-letters/selection.ts';
import { createDeadLetters } from '../../src/dead-letters/store.ts';
import type { EventLog } from '../../src/log/log.ts';
import type { DeadLetter } from '../../src/model/dead-letter.ts';
import { rejected } from '../../src/model/outcome.ts';
import { EVENTS_TOPIC, type RecordHeaders } from '../../src/model/record.ts';
import { type LogHarness, START, sqliteHarness } from '../support/log-harness.ts';

const LETTERS = 6;
/** What an event whose parts nobody knows comes to: the state that stays behind, and the rest. */
const STATE = 'attributes,subscription';

const parts = fc.option(
  fc.subarray(['attributes:0', 'event:0', 'purchase:1', 'subscription:0'], { minLength: 1 }),
);
const call = fc.record({
  kind: fc.constantFrom('replay', 'replay', 'replay', 'discard'),
  ids: fc.option(fc.uniqueArray(fc.nat({ max: LETTERS })), { freq: 3 }),
  withAttributes: fc.boolean(),
  limit: fc.constantFrom(2, 1000),
});
const step = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 4 }),
  end: fc.constantFrom('wait', 'wait', 'crash'),
});

type Call = { kind: string; ids: number[] | null; withAttributes: boolean; limit: number };

function idOf(n: number): string {
  return `braze/${EVENTS_TOPIC}/0/${n}`;
}

function letter(n: number, of: readonly string[] | null): DeadLetter {
  const outcome = rejected('refused', 'braze_refused', 'no');
  const value = Buffer.from(JSON.stringify({ n, type: 'track', context: { traits: {} } }));
  const record = { key: 'k', value, headers: { source: 'shop', receivedAt: 'r' }, timestamp: 1 };
  const undelivered = of?.map((part) => ({ part, outcome })) ?? null;
  const from = { destination: 'braze', topic: EVENTS_TOPIC, partition: 0, offset: n, record };
  return letterOf(from, outcome, undelivered, START - 100 + n);
}

function numberIn(value: Uint8Array): number {
  return JSON.parse(Buffer.from(value).toString()).n;
}

/** What a letter holds; both kinds of state of an event whose parts nobody knows are one part here. */
function heldBy({ undelivered }: DeadLetter): string[] {
  const parts = undelivered?.map(({ part }) => part) ?? [STATE, 'rest'];
  return parts.join(',') === STATE ? [STATE] : parts;
}

function sentBy({ replayParts, replayWithout }: RecordHeaders): string[] {
  if (replayWithout !== undefined) return ['rest'];
  if (replayParts === undefined) return [STATE, 'rest'];
  return replayParts === STATE ? [STATE] : replayParts.split(',');
}

/** Every place of every part, as `letter:part`: in the letters, and in the records of replays. */
async function placesOf(log: EventLog): Promise<string[]> {
  const letters = await log.letters({ limit: 1000 });
  const places = letters.flatMap((each) =>
    heldBy(each).map((part) => `${numberIn(each.record.value)}:${part}`),
  );
  const all = { from: 0, to: START * 2 };
  for await (const records of log.scan(EVENTS_TOPIC, all, AbortSignal.any([]))) {
    for (const { value, headers } of records)
      places.push(...sentBy(headers).map((part) => `${numberIn(value)}:${part}`));
  }
  return places.sort();
}

async function run(log: EventLog, { kind, ids, withAttributes, limit }: Call, discardable: Set<number>) {
  const deadLetters = createDeadLetters({ log, now: () => START, destinations: ['braze'] });
  const wanted: Wanted = ids === null ? {} : { ids: ids.map(idOf) };
  if (kind === 'replay') {
    return (await deadLetters.replay(wanted, { withAttributes, limit })).replayed;
  }
  for (const n of ids ?? Array.from({ length: LETTERS }, (_, index) => index)) discardable.add(n);
  await deadLetters.discard(wanted, { limit });
  return [];
}

async function crash(harness: LogHarness, log: EventLog, running: Promise<unknown>[]): Promise<EventLog> {
  // Whatever becomes of them: what counts is what the files hold.
  const ended = Promise.allSettled(running);
  const reopened = await harness.crash(log);
  await ended;
  return reopened;
}

it('each part of a letter is in the letter or in one replay, never in both, never nowhere', {
  timeout: 180_000,
}, async () => {
  const letters = fc.array(parts, { minLength: LETTERS, maxLength: LETTERS });
  await fc.assert(
    fc.asyncProperty(letters, fc.array(step, { minLength: 1, maxLength: 6 }), async (all, steps) => {
      const harness = sqliteHarness({}, false);
      const discardable = new Set<number>();
      try {
        let log = await harness.open();
        await log.append(
          EVENTS_TOPIC,
          [],
          all.map((of, n) => letter(n, of)),
        );
        const before = await placesOf(log);
        for (const { calls, end } of steps) {
          const running = calls.map((each) => run(log, each, discardable));
          if (end === 'crash') log = await crash(harness, log, running);
          else {
            const replayed = (await Promise.all(running)).flat();
            const left = (await log.letters({ limit: 1000 })).filter(
              ({ undelivered }) => undelivered === null,
            );
            expect(left.filter(({ id }) => replayed.includes(id))).toEqual([]);
          }
          const places = await placesOf(log);
          expect(new Set(places).size).toBe(places.length);
          const missing = before.filter((place) => !places.includes(place));
          expect(missing.filter((place) => !discardable.has(Number.parseInt(place, 10)))).toEqual([]);
          expect(places.filter((place) => !before.includes(place))).toEqual([]);
        }
      } finally {
        await harness.dispose();
      }
    }),
    { numRuns: 40, seed: 11 },
  );
});
