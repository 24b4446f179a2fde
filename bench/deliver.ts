/**
 * A backlog in the embedded log → Braze, at full speed: one server with everything on (write-ahead of requests, progress,
 * guard), a sink that answers in 100 ms. Several runs, each a server of its own on the same log, filled up again between.
 *
 * `npm run bench -- deliver [--events 1000000] [--people 200000] [--runs 3] [--objects 150000] [--warm-up 60000] [--requests 3000]`
 */
import {
  coresOf,
  type Delivered,
  measureDelivery,
  microsPerObject,
  objectsPerSecond,
  untilDelivered,
} from './support/delivering.ts';
import { floorMicros } from './support/floor.ts';
import { numbersOf } from './support/options.ts';
import { report } from './support/report.ts';
import { type Rig, withRig } from './support/rig.ts';
import { BRAZE_MS } from './support/sink.ts';
import { medianOf, spreadOf } from './support/statistics.ts';

const sizes = numbersOf({
  events: 1_000_000,
  people: 200_000,
  runs: 3,
  objects: 150_000,
  'warm-up': 60_000,
  requests: 3_000,
});

/** Braze: 3,000 requests in 3 seconds of 75 objects each (/users/track). */
const LIMIT = 75_000;

interface Run extends Delivered {
  /** Parsing and writing the JSON of one such event, before and after this run. */
  readonly floorMicros: number;
}

const rateLimit = { requests: sizes.requests, perSeconds: 3 };
const runs = await withRig({ destination: { rateLimit } }, async (rig) => {
  const all: Run[] = [];
  for (let run = 0; run < sizes.runs; run += 1) {
    const missing = sizes.events - (await rig.backlog());
    await rig.fill({ events: missing, people: sizes.people });
    const before = floorMicros();
    const delivered = await deliver(rig);
    all.push({ ...delivered, floorMicros: (before + floorMicros()) / 2 });
  }
  return all;
});

async function deliver(rig: Rig): Promise<Delivered> {
  const server = await rig.start();
  await untilDelivered(rig.sink, sizes['warm-up']);
  const delivered = await measureDelivery(server, rig.sink, () => untilDelivered(rig.sink, sizes.objects));
  await server.stop();
  return delivered;
}

const rate = medianOf(runs.map(objectsPerSecond));
const perCore = 1e6 / medianOf(runs.map(microsPerObject));
const byFloor = spreadOf(runs.map((run) => run.floorMicros / microsPerObject(run)));
report({
  name: 'deliver',
  setting: `${sizes.events.toLocaleString('en')} events of 1 KB, ${sizes.people.toLocaleString('en')} people, one object each, Braze in ${BRAZE_MS} ms, at most ${sizes.requests} requests in 3 s; ${runs.length} runs of ${sizes.objects.toLocaleString('en')} objects`,
  reference: "Braze's limit, 75,000 objects/s",
  rows: [
    {
      what: 'backlog to Braze',
      figures: {
        'objects/s': rate,
        'CPU µs/object': medianOf(runs.map(microsPerObject)),
        'objects/s per core used': perCore,
        'objects/request': medianOf(runs.map(({ objects, requests }) => objects / requests)),
        "the sink's µs/object": medianOf(runs.map(({ sinkMicros, objects }) => sinkMicros / objects)),
        'JSON µs/event': medianOf(runs.map((run) => run.floorMicros)),
        'JSON / CPU': byFloor.median,
      },
      ratio: spreadOf(runs.map((run) => objectsPerSecond(run) / LIMIT)),
      cores: medianOf(runs.map(coresOf)),
      goals: [
        { of: 'objects/s', value: rate, atLeast: 70_000 },
        { of: 'per core', value: perCore, atLeast: 50_000 },
      ],
      guard: byFloor.median,
    },
  ],
  notes: [
    `JSON / CPU: middle half of the runs ${byFloor.low.toFixed(2)} to ${byFloor.high.toFixed(2)}; the CPU is the server's, all threads.`,
  ],
});
