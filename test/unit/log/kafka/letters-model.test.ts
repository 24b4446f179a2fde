/** The letters against a plain list: after any history of writes, repeats, replays, discards and restarts they hold the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKafkaLetters, type KafkaLetters } from '../../../../src/log/kafka/letters.ts';
import type { LetterFilter, LetterLimits, Replay } from '../../../../src/log/log.ts';
import type { DeadLetter } from '../../../../src/model/dead-letter.ts';
import { rejected } from '../../../../src/model/outcome.ts';
import { EVENTS_TOPIC } from '../../../../src/model/record.ts';
import { letter } from '../../../contract/log.contract.ts';
import { record } from '../../../support/log-harness.ts';
import { LETTER_TOPIC } from './composed-log.ts';
import { createTopics, type TopicsInMemory } from './topics-in-memory.ts';

/** Room for about six of the small letters. */
const LIMITS: LetterLimits = { retainMs: 1_000, maxBytes: 2_600 };
/** Some letters are larger than a message. */
const TOPIC = { ...LETTER_TOPIC, maxMessageBytes: 2_800 };

const id = fc.constantFrom<string>('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const written = fc.record({
  id,
  at: fc.integer({ min: 0, max: 3 }),
  code: fc.constantFrom('x', 'y'),
  key: fc.constantFrom('kim', 'lee'),
  bytes: fc.constantFrom(0, 10, 10, 10, 1_500),
  parts: fc.constantFrom(null, ['event:0'], ['event:0', 'attributes:0']),
});
type Written = typeof written extends fc.Arbitrary<infer T> ? T : never;

const operation = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('put' as const), letters: fc.array(written, { maxLength: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('discard' as const), ids: fc.array(id) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('replay' as const),
      ids: fc.uniqueArray(id),
      parts: fc.constantFrom(null, ['event:0']),
      keeps: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('restart' as const, 'compact' as const, 'later' as const, 'other' as const),
    }),
  },
);

/** In the order in which they were written. */
interface World {
  readonly topics: TopicsInMemory;
  letters: DeadLetter[];
  sides: [KafkaLetters, KafkaLetters];
  now: number;
}

function openIn(world: Pick<World, 'topics' | 'now'>): KafkaLetters {
  return createKafkaLetters({
    ...world.topics,
    topic: TOPIC,
    limits: LIMITS,
    now: () => world.now,
    append: async () => undefined,
    onWarning: (message) => {
      throw new Error(message);
    },
  });
}

function letterFrom({ id: name, at, code, key, bytes, parts }: Written, now: number): DeadLetter {
  const plain = letter(name, name < 'e' ? 'braze' : null);
  return {
    ...plain,
    at: now + at,
    outcome: rejected('refused', code, 'no'),
    record: { ...plain.record, key, value: new Uint8Array(bytes).fill(65) },
    undelivered: parts?.map((part) => ({ part, outcome: rejected('refused', code, 'no') })) ?? null,
  };
}

/** Stable: of one time, as they were written. */
function inOrder(letters: readonly DeadLetter[]): DeadLetter[] {
  return letters.toSorted((a, b) => a.at - b.at);
}

/** But for the digits of its place in the order. */
function sizeOf({ id: _, record: held, ...rest }: DeadLetter): number {
  const { value, ...about } = held;
  return JSON.stringify({ v: 1, seq: 1, ...rest, record: about }).length + value.length;
}

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const STEPS: {
  [K in Operation['kind']]: (world: World, operation: Extract<Operation, { kind: K }>) => Promise<void>;
} = {
  async put(world, { letters }) {
    for (const each of letters) await putOne(world, letterFrom(each, world.now));
  },
  async discard(world, { ids }) {
    const known = [...new Set(ids)].filter((name) => world.letters.some((each) => each.id === name));
    expect(await world.sides[0].discard(ids)).toEqual(known);
    world.letters = world.letters.filter((each) => !known.includes(each.id));
  },
  async replay(world, { ids, parts, keeps }) {
    const keep = keeps ? [{ part: 'kept', outcome: rejected('refused', 'x', 'kept') }] : [];
    const replays: Replay[] = ids.map((letterId) => ({ letterId, record: record('r'), parts, keep }));
    const partsOf = ({ undelivered }: DeadLetter) => undelivered?.map(({ part }) => part) ?? null;
    const same = (name: string) =>
      world.letters.some(
        (each) => each.id === name && JSON.stringify(partsOf(each)) === JSON.stringify(parts),
      );
    const meant = ids.filter(same);
    expect(await world.sides[0].replay(EVENTS_TOPIC, replays)).toEqual(meant);
    world.letters = world.letters.flatMap((each) => {
      if (!meant.includes(each.id)) return [each];
      return keeps ? [{ ...each, undelivered: keep }] : [];
    });
  },
  async restart(world) {
    world.sides[0].close();
    world.sides[0] = openIn(world);
    await follow(world);
  },
  async compact(world) {
    world.topics.compact(TOPIC.topic);
  },
  async later(world) {
    world.now += 500;
    world.letters = world.letters.filter(({ at }) => at > world.now - LIMITS.retainMs);
  },
  async other(world) {
    world.sides.reverse();
    await follow(world);
  },
};

/** Letters of one millisecond are in order where their writer knew those before. */
async function follow({ sides: [side] }: World): Promise<void> {
  await side.groupLetters({});
}

/** What goes is the oldest, counted, and no more than has to. */
async function putOne(world: World, one: DeadLetter): Promise<void> {
  const [side] = world.sides;
  const before = side.stats().lettersDropped.bytes;
  await side.put([one]);
  const all = [...world.letters.filter((known) => known.id !== one.id), one];
  const held = new Set((await side.letters({ limit: 99 })).map((known) => known.id));
  const gone = inOrder(all).slice(0, all.length - held.size);
  const { letterBytes, lettersDropped } = side.stats();
  expect(gone.some((known) => held.has(known.id))).toBe(false);
  expect(lettersDropped.bytes - before).toBe(gone.length);
  expect(letterBytes).toBeLessThanOrEqual(LIMITS.maxBytes);
  if (gone.length > 0) expect(letterBytes + sizeOf(gone.at(-1)!) + 3).toBeGreaterThan(LIMITS.maxBytes);
  world.letters = all.filter((known) => held.has(known.id));
}

const FILTERS: readonly LetterFilter[] = [
  {},
  { destination: '' },
  { code: 'x', from: 1, to: 502 },
  { persons: ['kim'] },
];

async function compare(side: KafkaLetters, letters: readonly DeadLetter[]): Promise<void> {
  for (const filter of FILTERS) {
    const { destination, code, persons, from = 0, to = Number.POSITIVE_INFINITY } = filter;
    const meant = inOrder(letters).filter(
      (each) =>
        (destination ?? each.destination ?? '') === (each.destination ?? '') &&
        (code ?? each.outcome.code) === each.outcome.code &&
        (persons ?? [each.record.key]).includes(each.record.key) &&
        from <= each.at &&
        each.at < to,
    );
    expect(await side.letters({ ...filter, limit: 99 })).toEqual(meant.toReversed());
    const walked: DeadLetter[] = [];
    for (let next: string | null | undefined; next !== null; ) {
      const stretch = await side.walkLetters({ ...filter, limit: 2, ...(next && { after: next }) });
      walked.push(...stretch.letters);
      next = stretch.next;
    }
    expect(walked).toEqual(meant);
    const counted = (await side.groupLetters(filter)).reduce((sum, { count }) => sum + count, 0);
    expect(counted).toBe(meant.length);
  }
  const { letters: counts, oldestLetterAt, letterBytes } = side.stats();
  expect(counts.values().reduce((sum, count) => sum + count, 0)).toBe(letters.length);
  expect(oldestLetterAt).toBe(inOrder(letters)[0]?.at ?? null);
  expect(letterBytes > 0).toBe(letters.length > 0);
}

it('hold, and find, what a plain list would', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 14 }), async (operations) => {
      const topics = createTopics();
      const world: World = { topics, now: 0, letters: [], sides: [] as never };
      world.sides = [openIn(world), openIn(world)];
      for (const each of operations) await STEPS[each.kind](world, each as never);
      const fresh = openIn(world);
      for (const side of [...world.sides, fresh]) {
        await compare(side, world.letters);
        side.close();
      }
    }),
    { numRuns: 100, seed: 7 },
  );
});
