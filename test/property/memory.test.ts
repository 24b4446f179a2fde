/** What a destination remembers never changes what Braze ends up with, except that no linked past stays orphaned. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { openMemory } from '../../src/memory/open-memory.ts';
import { type Event, Run, type Step } from './memory-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'brazier-memory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Nobody's device but the tablet is shared; whom its past belongs to nobody can say. */
const OWNER: Record<string, string> = { phone: 'kim', laptop: 'kim', watch: 'kim', car: 'lee', desk: 'lee' };
const DEVICES = [...Object.keys(OWNER), 'tablet'];

const pairOf = (devices: readonly string[]) =>
  fc.record({ device: fc.constantFrom(...devices), other: fc.constantFrom('kim', 'lee') });
const pair = pairOf(DEVICES);
const userAt = ({ device: at, other }: { device: string; other: string }) => OWNER[at] ?? other;
function links(at: ReturnType<typeof pairOf>): fc.Arbitrary<Event> {
  const link = at.map((its): Event => ({ type: 'link', user: userAt(its), device: its.device }));
  const alias = at.map((its): Event => ({ type: 'alias', user: userAt(its), device: its.device }));
  return fc.oneof({ weight: 2, arbitrary: link }, { weight: 1, arbitrary: alias });
}

const tracks = (at: ReturnType<typeof pairOf>): fc.Arbitrary<Event> =>
  fc.oneof(
    { weight: 2, arbitrary: at.map((its): Event => ({ type: 'track', device: its.device })) },
    {
      weight: 1,
      arbitrary: at.map((its): Event => ({ type: 'track', user: userAt(its), device: its.device })),
    },
  );

/** Without alias calls: whether one of a user whom nobody has heard of gave an alias is not to be known. */
const ownPair = pairOf(Object.keys(OWNER));
const ownLink = ownPair.map((its): Event => ({ type: 'link', user: userAt(its), device: its.device }));
const own = fc.oneof(ownLink, tracks(ownPair));
const everything = fc.oneof(links(pair), tracks(pair));
const value = fc.constantFrom<unknown>('gold', 'gold', 'silver', null, { inc: 1 });
const traits = fc.tuple(
  pair,
  fc.boolean(),
  fc.dictionary(fc.constantFrom('tier', 'age'), value, { minKeys: 1 }),
);
const attributes = traits.map(([at, isAnonymous, its]): Event => {
  const who = isAnonymous ? {} : { user: userAt(at) };
  return { type: 'traits', device: at.device, traits: its, ...who };
});

function steps(
  event: fc.Arbitrary<Event>,
  fates: readonly ('delivered' | 'refused' | 'applied')[],
  crashes: boolean,
) {
  const ending = fc.record({
    do: fc.constant('end' as const),
    pick: fc.nat(20),
    fate: fc.constantFrom(...fates),
  });
  return fc.array(
    fc.oneof(
      { weight: 6, arbitrary: event.map((each): Step => ({ do: 'event', event: each })) },
      { weight: 7, arbitrary: ending },
      { weight: 1, arbitrary: fc.constant<Step>({ do: 'settle' }) },
      { weight: crashes ? 1 : 0, arbitrary: fc.constant<Step>({ do: 'crash' }) },
    ),
    { maxLength: 60, size: 'max' },
  );
}

let runs = 0;
/** Its memory is opened anew from its files after a crash; the one before was never closed. */
function start(more: Partial<Parameters<typeof openMemory>[0]> = {}): Run {
  runs += 1;
  const dataPath = join(folder, String(runs));
  const warnings: string[] = [];
  const dedup = { maxPersons: 100, ttlHours: 24, persist: true };
  const run = new Run(() =>
    openMemory({
      dataPath,
      destination: 'braze',
      workspace: 'w',
      linkCall: 'auto',
      supportDedup: false,
      dedup,
      epochMs: () => 0,
      onWarning: (warning) => warnings.push(warning),
      ...more,
    }),
  );
  expect(warnings).toEqual([]);
  return run;
}

/** Events that stand under no external id although somebody's device was linked after them. */
function orphans(run: Run, events: readonly Event[]): number[] {
  return [...run.braze.profiles].flatMap(({ externalId, events: numbers }) => {
    if (externalId !== undefined) return [];
    return numbers.filter((number) => {
      const at = events[number - 1]?.device ?? '';
      return OWNER[at] !== undefined && events.slice(number).some((each) => isLinkOf(each, at));
    });
  });
}

const isLinkOf = (event: Event, at: string) =>
  event.device === at && (event.type === 'link' || event.type === 'alias');

const eventsOf = (all: readonly Step[]) => all.flatMap((step) => (step.do === 'event' ? [step.event] : []));

it('with auto no past of a device is orphaned that was linked, whatever the order of delivery and however often it crashes', () => {
  let merges = 0;
  fc.assert(
    fc.property(steps(own, ['delivered'], true), (all) => {
      const run = start();
      for (const step of all) run.take(step);
      run.settle();
      expect(orphans(run, eventsOf(all))).toEqual([]);
      merges += run.leftOut;
    }),
    { seed: 4, numRuns: 150 },
  );
  expect(merges).toBeGreaterThan(50);
});

it('with auto every past is joined at the next link, whatever Braze refused before', () => {
  fc.assert(
    fc.property(steps(own, ['delivered', 'delivered', 'refused'], true), (all) => {
      const run = start();
      for (const step of all) run.take(step);
      run.settle();
      const last: Event[] = Object.entries(OWNER).flatMap(([at, user]) => [
        { type: 'track', user, device: at } as const,
        { type: 'link', user, device: at } as const,
      ]);
      for (const event of last) {
        run.event(event);
        run.settle();
      }
      expect(orphans(run, [...eventsOf(all), ...last])).toEqual([]);
    }),
    { seed: 5, numRuns: 150 },
  );
});

it.each(['identify', 'auto'] as const)(
  'with %s and a shared device no link is left out that would do something, and no user is merged away',
  (linkCall) => {
    let leftOut = 0;
    fc.assert(
      // The run itself checks both, at each step.
      fc.property(steps(everything, ['delivered', 'delivered', 'refused'], true), (all) => {
        const run = start({ linkCall });
        for (const step of all) run.take(step);
        run.settle();
        leftOut += run.leftOut;
      }),
      { seed: 6, numRuns: 200 },
    );
    expect(leftOut).toBeGreaterThan(50);
  },
);

it('attributes end up at Braze as if none had been left out, whatever was refused, lost, linked, or crashed', () => {
  let unchanged = 0;
  const event = fc.oneof({ weight: 8, arbitrary: attributes }, { weight: 1, arbitrary: links(pair) });
  const isLink = (step: Step) => step.do === 'event' && step.event.type !== 'traits';
  fc.assert(
    fc.property(
      steps(event, ['delivered', 'delivered', 'refused', 'applied'], true),
      fc.constantFrom('identify' as const, 'auto' as const),
      (all, linkCall) => {
        const run = start({ supportDedup: true, linkCall });
        for (const step of all) {
          // A link whose reply was lost is settled as what it was: see the decision record.
          const isDoubtful = step.do === 'end' && step.fate === 'applied' && all.some(isLink);
          run.take(isDoubtful ? { ...step, fate: 'delivered' } : step);
        }
        run.settle();
        expect(run.braze.state()).toBe(run.shadow.state());
        unchanged += run.unchanged;
      },
    ),
    { seed: 7, numRuns: 150 },
  );
  expect(unchanged).toBeGreaterThan(50);
});
