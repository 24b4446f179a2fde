/** The embedded log against the one in memory: after any history of appends, reads, commits, replays and crashes they hold the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EventLog, GroupStart, Progress } from '../../src/log/log.ts';
import { createMemoryLog } from '../../src/log/memory-log.ts';
import { createMemoryState, type MemoryState } from '../../src/log/memory-state.ts';
import { isSettled } from '../../src/log/progress.ts';
import type { DeadLetter } from '../../src/model/dead-letter.ts';
import { rejected } from '../../src/model/outcome.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import {
  type LogHarness,
  readChunksOf,
  record,
  START,
  sqliteHarness,
  textOf,
} from '../support/log-harness.ts';

const GROUPS = ['a', 'b'] as const;

const name = fc.constantFrom('p', 'q', 'r', 's', 't', 'u', 'v');
const records = fc.array(
  fc.record({
    text: fc.string({ unit: 'grapheme', maxLength: 12 }),
    key: name,
    guardId: fc.option(name, { nil: undefined }),
  }),
  { maxLength: 6 },
);
const group = fc.constantFrom(...GROUPS);
const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('append'),
      appends: fc.array(fc.record({ records, letters: fc.array(name, { maxLength: 2 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read'), group }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('commit'),
      group,
      picks: fc.array(fc.nat({ max: 40 }), { maxLength: 8 }),
      letters: fc.array(name, { maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('replay'),
      ids: fc.array(name, { maxLength: 4 }),
      parts: fc.constantFrom(null, null, ['kept']),
      keeps: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('discard'), ids: fc.array(name, { maxLength: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('attach'),
      groups: fc.uniqueArray(group),
      start: fc.constantFrom('beginning', 'end'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('crash', 'reopen') }) },
) as fc.Arbitrary<Operation>;

type Operation =
  | {
      kind: 'append';
      appends: { records: { text: string; key: string; guardId: string | undefined }[]; letters: string[] }[];
    }
  | { kind: 'read'; group: string }
  | { kind: 'commit'; group: string; picks: number[]; letters: string[] }
  | { kind: 'replay'; ids: string[]; parts: string[] | null; keeps: boolean }
  | { kind: 'discard'; ids: string[] }
  | { kind: 'attach'; groups: string[]; start: 'beginning' | 'end' }
  | { kind: 'crash' | 'reopen' };

interface Both {
  readonly state: MemoryState;
  readonly harness: LogHarness;
  memory: EventLog;
  sqlite: EventLog;
  groups: GroupStart[];
}

function letterOf(id: string, text = id): DeadLetter {
  const outcome = rejected('refused', 'braze_refused', text);
  const destination = id < 's' ? 'braze' : null;
  return {
    id,
    destination,
    at: START,
    position: null,
    record: plainRecord(text),
    outcome,
    undelivered: null,
  };
}

function plainRecord(text: string) {
  return { ...record(''), value: new TextEncoder().encode(text) };
}

/** The progress of `before` with the picked offsets settled as well. */
function settle(before: Progress, picks: readonly number[], head: number): Progress {
  const done = (offset: number) => isSettled(before, offset) || picks.includes(offset);
  let watermark = before.watermark;
  while (watermark < head && done(watermark)) watermark += 1;
  const settled: { from: number; to: number }[] = [];
  for (let offset = watermark; offset < head; offset += 1) {
    if (!done(offset)) continue;
    const last = settled.at(-1);
    if (last?.to === offset) last.to = offset + 1;
    else settled.push({ from: offset, to: offset + 1 });
  }
  return { watermark, settled };
}

async function contentOf(log: EventLog, name: string, unsettled: number) {
  const chunks = await readChunksOf(log, name, unsettled);
  return chunks.flatMap((chunk) =>
    Array.from({ length: chunk.count }, (_, index) => {
      const { value, ...rest } = chunk.record(index);
      return { ...rest, text: textOf(value) };
    }),
  );
}

const STEPS: {
  [K in Operation['kind']]: (both: Both, operation: Extract<Operation, { kind: K }>) => Promise<void>;
} = {
  async append({ memory, sqlite }, { appends }) {
    const run = (log: EventLog) =>
      Promise.all(
        appends.map(({ records: list, letters }) =>
          log.append(
            EVENTS_TOPIC,
            list.map(({ text, key, guardId }) => ({
              ...plainRecord(text),
              key,
              ...(guardId !== undefined && { guardId }),
            })),
            letters.map((id) => letterOf(id)),
          ),
        ),
      );
    expect(await run(sqlite)).toEqual(await run(memory));
  },
  async read({ memory, sqlite, state }, { group: name }) {
    const progress = state.progress.get(name);
    if (progress === undefined) return;
    const unsettled = state.records.filter(({ offset }) => !isSettled(progress, offset)).length;
    expect(await contentOf(sqlite, name, unsettled)).toEqual(await contentOf(memory, name, unsettled));
  },
  async commit({ memory, sqlite, state }, { group: name, picks, letters }) {
    const before = state.progress.get(name) ?? { watermark: 0, settled: [] };
    const progress = settle(before, picks, state.records.length);
    const list = letters.map((id) => letterOf(id, 'of a commit'));
    for (const log of [sqlite, memory]) await log.commit(name, EVENTS_TOPIC, 0, progress, list);
  },
  async replay({ memory, sqlite }, { ids, parts, keeps }) {
    const keep = keeps ? [{ part: 'kept', outcome: rejected('refused', 'braze_refused', 'no') }] : [];
    const replays = ids.map((letterId) => ({
      letterId,
      record: plainRecord(`again ${letterId}`),
      parts,
      keep,
    }));
    expect(await sqlite.replay(EVENTS_TOPIC, replays)).toEqual(await memory.replay(EVENTS_TOPIC, replays));
  },
  async discard({ memory, sqlite }, { ids }) {
    expect(await sqlite.discard(ids)).toEqual(await memory.discard(ids));
  },
  async attach(both, { groups, start }) {
    both.groups = groups.map((each) => ({ group: each, start }));
    expect(await both.sqlite.attach(both.groups)).toEqual(await both.memory.attach(both.groups));
  },
  crash: restart,
  reopen: restart,
};

async function restart(both: Both, { kind }: { kind: 'crash' | 'reopen' }): Promise<void> {
  both.sqlite = await both.harness[kind](both.sqlite);
  both.memory = createMemoryLog({ state: both.state, now: () => START });
  expect(await both.sqlite.attach(both.groups)).toEqual(await both.memory.attach(both.groups));
}

async function expectEqual({ memory, sqlite }: Both): Promise<void> {
  for (const each of GROUPS) expect(sqlite.backlog(each)).toBe(memory.backlog(each));
  expect(sqlite.stats().letters).toEqual(memory.stats().letters);
  expect(await sqlite.letters({ limit: 5 })).toEqual(await memory.letters({ limit: 5 }));
  const page = { destination: 'braze', limit: 2, after: 'q' };
  expect(await sqlite.letters(page)).toEqual(await memory.letters(page));
  for (const filter of [{}, { destination: '' }, { persons: ['key of '], kind: 'refused' }]) {
    expect(await sqlite.groupLetters(filter)).toEqual(await memory.groupLetters(filter));
    const walk = { ...filter, limit: 2 };
    const [next, other] = [await sqlite.walkLetters(walk), await memory.walkLetters(walk)];
    expect(next.letters).toEqual(other.letters);
    expect(next.next === null).toBe(other.next === null);
  }
}

it('holds the same records, order, duplicates, backlog and letters as the log in memory', {
  timeout: 180_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 25 }), async (operations) => {
      const state = createMemoryState();
      const harness = sqliteHarness({}, false);
      const groups: GroupStart[] = GROUPS.map((each) => ({ group: each, start: 'beginning' }));
      const memory = createMemoryLog({ state, now: () => START });
      const both: Both = { state, harness, memory, sqlite: await harness.open(), groups };
      try {
        for (const log of [both.sqlite, memory]) await log.attach(groups);
        for (const each of operations) {
          await (STEPS[each.kind] as (both: Both, operation: Operation) => Promise<void>)(both, each);
          await expectEqual(both);
        }
        for (const each of GROUPS) await STEPS.read(both, { kind: 'read', group: each });
      } finally {
        await harness.dispose();
      }
    }),
    { numRuns: 40, seed: 7 },
  );
});
