/**
 * From the 200 of an event until Braze's answer to the request with it: at half the rate that goes through at most, and at
 * 100 events a second. The sink notes when each answer left, the load when each 200 came, by one clock.
 *
 * `npm run bench -- latency [--seconds 15] [--rate 0]` (rate: events/s of the first; 0: half of what is measured first)
 */
import { setTimeout as wait } from 'node:timers/promises';
import { sharedMs } from './support/clock.ts';
import { coresOf, measureDelivery, objectsPerSecond } from './support/delivering.ts';
import { keepPace, warmUp } from './support/keep-pace.ts';
import { EVENTS_PER_BATCH, type Load, type LoadTimes } from './support/load.ts';
import { numbersOf } from './support/options.ts';
import { type Goal, type Row, report } from './support/report.ts';
import { type Rig, withRig } from './support/rig.ts';
import type { Server } from './support/server.ts';
import { BRAZE_MS } from './support/sink.ts';
import { quantile, spreadOf } from './support/statistics.ts';

const sizes = numbersOf({ seconds: 15, rate: 0 });
const IDLE_RATE = 100;
/** The default of `lingerMs`. */
const LINGER_MS = 50;
const SLICES = 5;
const SETTLING_MS = 2_000;
/** The numbers of the second load's events begin beyond all of the first's. */
const SECOND_FIRST = 2_000_000;

interface Paced {
  readonly what: string;
  readonly rate: number;
  readonly goals: (p50: number, p99: number) => readonly Goal[];
}

const rows = await withRig({ sink: { watches: true } }, async (rig) => {
  const server = await rig.start();
  const batches = await rig.startLoad(server, { watches: true, connections: 16 });
  const most = await mostOf(rig, server, batches);
  const rate = Math.round(sizes.rate || most / 2);
  const half = await paced(rig, server, batches, {
    what: `${rate.toLocaleString('en')} events/s in batches of ${EVENTS_PER_BATCH}, half of what went through`,
    rate,
    goals: (p50, p99) => [
      { of: 'p50', value: p50, atMost: BRAZE_MS + 15 },
      { of: 'p99', value: p99, atMost: BRAZE_MS + 100 },
    ],
  });
  const singles = await rig.startLoad(server, {
    path: '/v1/track',
    events: null,
    first: SECOND_FIRST,
    watches: true,
  });
  const idle = await paced(rig, server, singles, {
    what: `${IDLE_RATE} events/s, one by one`,
    rate: IDLE_RATE,
    goals: (_, p99) => [{ of: 'p99', value: p99, atMost: BRAZE_MS + LINGER_MS + 20 }],
  });
  await server.stop();
  return [half, idle];
});

/** Objects per second with both ends at work. */
async function mostOf({ sink }: Rig, server: Server, load: Load): Promise<number> {
  await warmUp(load, sink);
  const end = await keepPace(load, sink);
  await wait(SETTLING_MS);
  const delivered = await measureDelivery(server, sink, () => wait(2 * SETTLING_MS));
  await end();
  return objectsPerSecond(delivered);
}

async function paced({ sink }: Rig, server: Server, load: Load, { what, rate, goals }: Paced): Promise<Row> {
  await load.run(rate);
  await wait(SETTLING_MS);
  const fromMs = sharedMs();
  const delivered = await measureDelivery(server, sink, () => wait(sizes.seconds * 1000));
  const toMs = sharedMs();
  await load.pause();
  await allOut(server);
  const slices = slicesOf(await sink.seen(), await load.times(), { fromMs, toMs });
  const all = slices.flat().sort((a, b) => a - b);
  const [p50, p99] = [quantile(all, 0.5), quantile(all, 0.99)];
  return {
    what,
    figures: {
      events: all.length,
      'delivered/s': objectsPerSecond(delivered),
      'p50 ms': p50,
      'p99 ms': p99,
      'p99.9 ms': quantile(all, 0.999),
      'p99 of the slices, ms': slices
        .map((slice) =>
          Math.round(
            quantile(
              slice.toSorted((a, b) => a - b),
              0.99,
            ),
          ),
        )
        .join(', '),
    },
    ratio: spreadOf(
      slices.map(
        (slice) =>
          quantile(
            slice.toSorted((a, b) => a - b),
            0.5,
          ) / BRAZE_MS,
      ),
    ),
    cores: coresOf(delivered),
    goals: goals(p50, p99),
  };
}

async function allOut(server: Server): Promise<void> {
  for (const name of ['brazier_backlog_events', 'brazier_events_in_flight']) {
    while ((await server.metric(name)) > 0) await wait(100);
  }
}

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The waits of the events accepted within the stretch, parted by when they were. */
function slicesOf(seenMs: Float64Array, { acceptedMs }: LoadTimes, { fromMs, toMs }: Stretch): number[][] {
  const slices: number[][] = Array.from({ length: SLICES }, () => []);
  for (const [number, accepted] of acceptedMs.entries()) {
    if (accepted <= fromMs || accepted > toMs) continue;
    const slice = Math.floor((SLICES * (accepted - fromMs)) / (toMs - fromMs + 1));
    const outMs = seenMs[number] ?? 0;
    if (outMs === 0) throw new Error(`event ${number} was accepted and has not come out`);
    slices[slice]?.push(outMs - accepted);
  }
  return slices;
}

report({
  name: 'latency',
  setting: `from the 200 to Braze's answer, Braze in L = ${BRAZE_MS} ms, linger ${LINGER_MS} ms; ${sizes.seconds} s each in ${SLICES} slices`,
  reference: 'L; the ratio is p50 by L, slice by slice',
  rows,
});
