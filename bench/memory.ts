/**
 * Resident memory at full speed with a backlog in the log: delivering alone; with as much coming in as is answered; while
 * Braze answers 500 to everything; and after that.
 *
 * `npm run bench -- memory [--events 1000000] [--seconds 15]`
 */
import { setTimeout as wait } from 'node:timers/promises';
import { measureDelivery, objectsPerSecond, untilDelivered } from './support/delivering.ts';
import { type Load, PEOPLE } from './support/load.ts';
import { numbersOf } from './support/options.ts';
import { type Goal, type Row, report } from './support/report.ts';
import { type Rig, withRig } from './support/rig.ts';
import type { Server } from './support/server.ts';
import { BRAZE_MS } from './support/sink.ts';
import { spreadOf } from './support/statistics.ts';

const sizes = numbersOf({ events: 1_000_000, seconds: 15 });
const SAMPLE_MS = 500;
const MAX_MB = { delivering: 300, taking: 400 };
/** So much of the backlog is left when delivering alone ends. */
const LEFT = 100_000;

interface Phase {
  readonly what: string;
  readonly maxMb: number;
}

const rows = await withRig({}, async (rig) => {
  await rig.fill({ events: sizes.events, people: PEOPLE });
  const server = await rig.start();
  const load = await rig.startLoad(server);
  await untilDelivered(rig.sink, 1);
  const phase = (what: string, maxMb: number) => watch(rig, server, load, { what, maxMb });
  const alone = await phase('delivering', MAX_MB.delivering);
  await load.run();
  const taking = await phase('with as much coming in as is answered', MAX_MB.taking);
  await rig.sink.answerWith(500);
  const storm = await phase('500 to everything', MAX_MB.taking);
  await rig.sink.answerWith(201);
  const after = await phase('after it', MAX_MB.taking);
  await load.pause();
  await server.stop();
  return [alone, taking, storm, after];
});

interface Sample {
  readonly minute: number;
  readonly mb: number;
}

async function watch(rig: Rig, server: Server, load: Load, { what, maxMb }: Phase): Promise<Row> {
  const samples: Sample[] = [];
  const { accepted: before } = await load.counts();
  const delivered = await measureDelivery(server, rig.sink, async () => {
    const end = performance.now() + sizes.seconds * 1000;
    const isAlone = maxMb === MAX_MB.delivering;
    while (performance.now() < end && !(isAlone && (await rig.backlog()) < LEFT)) {
      await wait(SAMPLE_MS);
      samples.push({ minute: performance.now() / 60_000, mb: server.residentMb() });
    }
  });
  const { accepted } = await load.counts();
  const mb = spreadOf(samples.map((sample) => sample.mb));
  const most = Math.max(...samples.map((sample) => sample.mb));
  const goal: Goal = { of: 'most MB', value: most, atMost: maxMb };
  return {
    what,
    figures: {
      'accepted/s': (accepted - before) / delivered.seconds,
      'delivered/s': objectsPerSecond(delivered),
      'MB: least': Math.min(...samples.map((sample) => sample.mb)),
      median: mb.median,
      'middle half': `${Math.round(mb.low)} to ${Math.round(mb.high)}`,
      most,
      'MB/minute': slopeOf(samples),
    },
    cores: delivered.serverMicros / delivered.seconds / 1e6,
    goals: [goal],
  };
}

/** Of the straight line through the samples. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (pick: (sample: Sample) => number) =>
    samples.reduce((sum, each) => sum + pick(each), 0) / samples.length;
  const [x, y] = [mean(({ minute }) => minute), mean(({ mb }) => mb)];
  const sums = { xy: 0, xx: 0 };
  for (const { minute, mb } of samples) {
    sums.xy += (minute - x) * (mb - y);
    sums.xx += (minute - x) ** 2;
  }
  return sums.xx === 0 ? 0 : sums.xy / sums.xx;
}

report({
  name: 'memory',
  setting: `resident memory with ${sizes.events.toLocaleString('en')} events in the log at first, Braze in ${BRAZE_MS} ms; ${sizes.seconds} s each`,
  reference: 'none: the goals are absolute',
  rows,
});
