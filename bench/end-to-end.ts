/**
 * HTTP batches in and Braze out at the same time; the load, the server and the sink are three processes on the same cores.
 * In each round the same server then only takes events (the sink holds its answers back, so that the delivery waits), and
 * only delivers those (nobody sends): the two parts alone.
 *
 * `npm run bench -- end-to-end [--rounds 3] [--events 100000] [--alone 1]` (alone 0: only both at once)
 */
import { setTimeout as wait } from 'node:timers/promises';
import {
  coresOf,
  type Delivered,
  measureDelivery,
  objectsPerSecond,
  untilDelivered,
  untilObjects,
} from './support/delivering.ts';
import { floorMicros } from './support/floor.ts';
import { keepPace, warmUp } from './support/keep-pace.ts';
import { EVENTS_PER_BATCH, type Load } from './support/load.ts';
import { numbersOf } from './support/options.ts';
import { type Row, report } from './support/report.ts';
import { type Rig, withRig } from './support/rig.ts';
import type { Server } from './support/server.ts';
import { BRAZE_MS } from './support/sink.ts';
import { medianOf, spreadOf } from './support/statistics.ts';

const sizes = numbersOf({ rounds: 3, events: 100_000, alone: 1 });
/** What the server takes in while nothing is delivered (its window); then it waits. */
const WINDOW = 20_000;
const LOOK_MS = 20;

interface Parts {
  readonly rig: Rig;
  readonly server: Server;
  readonly load: Load;
}

/** Of one phase; what the server did not do in it counts nothing. */
interface Phase extends Delivered {
  readonly accepted: number;
  readonly loadMicros: number;
}

interface Round {
  readonly both: Phase;
  /** Null where they were not wanted. */
  readonly taking: Phase | null;
  readonly delivering: Phase | null;
  readonly floorMicros: number;
}

async function measure({ rig, server, load }: Parts, until: () => Promise<unknown>): Promise<Phase> {
  const before = await load.counts();
  const delivered = await measureDelivery(server, rig.sink, until);
  const after = await load.counts();
  return {
    ...delivered,
    accepted: after.accepted - before.accepted,
    loadMicros: after.cpuMicros - before.cpuMicros,
  };
}

async function round(parts: Parts): Promise<Round> {
  const { sink } = parts.rig;
  const before = floorMicros();
  const end = await keepPace(parts.load, sink);
  await untilDelivered(sink, WINDOW);
  const both = await measure(parts, () => untilDelivered(sink, sizes.events));
  await end();
  const floor = (before + floorMicros()) / 2;
  if (sizes.alone === 0) return { both, taking: null, delivering: null, floorMicros: floor };
  return { both, taking: await takeAlone(parts), delivering: await deliverAlone(parts), floorMicros: floor };
}

/** First the window fills up, from then on nothing is read any more. */
async function takeAlone(parts: Parts): Promise<Phase> {
  await parts.rig.sink.hold();
  await parts.load.run();
  await untilAccepted(parts.load, 2 * WINDOW);
  const taking = await measure(parts, () => untilAccepted(parts.load, sizes.events));
  await parts.load.pause();
  return taking;
}

/** The first that come out had been read and planned before. */
async function deliverAlone({ rig, server, load }: Parts): Promise<Phase> {
  const { sink } = rig;
  await sink.release();
  await untilDelivered(sink, WINDOW);
  const { accepted } = await load.counts();
  return measure({ rig, server, load }, () => untilObjects(sink, accepted));
}

async function untilAccepted(load: Load, events: number): Promise<void> {
  const goal = (await load.counts()).accepted + events;
  while ((await load.counts()).accepted < goal) await wait(LOOK_MS);
}

const rounds = await withRig({}, async (rig) => {
  const server = await rig.start();
  const load = await rig.startLoad(server);
  const all: Round[] = [];
  const parts = { rig, server, load };
  await warmUp(load, rig.sink);
  for (let count = 0; count < sizes.rounds; count += 1) all.push(await round(parts));
  await server.stop();
  return all;
});

/** The phases of a kind, and what an event cost in each. */
interface Series {
  readonly phases: readonly Phase[];
  readonly micros: readonly number[];
}

function seriesOf(pick: (round: Round) => Phase | null, eventsOf: (phase: Phase) => number): Series {
  const phases = rounds.map(pick).filter((phase) => phase !== null);
  return { phases, micros: phases.map((phase) => phase.serverMicros / eventsOf(phase)) };
}

const both = seriesOf(
  (each) => each.both,
  ({ objects }) => objects,
);
const taking = seriesOf(
  (each) => each.taking,
  ({ accepted }) => accepted,
);
const delivering = seriesOf(
  (each) => each.delivering,
  ({ objects }) => objects,
);

function rowOf(what: string, { phases, micros }: Series): Row {
  const of = (pick: (phase: Phase) => number) => medianOf(phases.map(pick));
  return {
    what,
    figures: {
      'accepted/s': of(({ accepted, seconds }) => accepted / seconds),
      'delivered/s': of(objectsPerSecond),
      'CPU µs/event': medianOf(micros),
      'events/s per core used': 1e6 / medianOf(micros),
      "the load's cores": of(({ loadMicros, seconds }) => loadMicros / seconds / 1e6),
      "the sink's cores": of(({ sinkMicros, seconds }) => sinkMicros / seconds / 1e6),
    },
    cores: of(coresOf),
  };
}

/** What the parts cost alone by what both cost at once, round by round. */
const ratios = taking.micros.map(
  (micros, round) => (micros + (delivering.micros[round] ?? 0)) / (both.micros[round] ?? Number.NaN),
);
const floor = medianOf(rounds.map((each) => each.floorMicros));
const byFloor = medianOf(rounds.map((each, round) => each.floorMicros / (both.micros[round] ?? Number.NaN)));
report({
  name: 'end-to-end',
  setting: `batches of ${EVENTS_PER_BATCH} events of 1 KB over 8 connections in, Braze in ${BRAZE_MS} ms out; ${rounds.length} rounds of ${sizes.events.toLocaleString('en')} events`,
  reference: 'what the two parts cost alone, by CPU',
  rows: [
    {
      ...rowOf('both at once', both),
      ...(ratios.length > 0 && { ratio: spreadOf(ratios) }),
      goals: [{ of: 'per core', value: 1e6 / medianOf(both.micros), atLeast: 30_000 }],
      guard: byFloor,
    },
    ...(ratios.length > 0 ? [rowOf('taking alone', taking), rowOf('delivering alone', delivering)] : []),
  ],
  notes: [
    `JSON of one such event, parsed and written once: ${floor.toFixed(1)} µs; by the CPU of both at once ${byFloor.toFixed(2)}.`,
  ],
});
