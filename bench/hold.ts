/**
 * What `uncertain: hold` costs: the same backlog delivered with and without it, in turns, each time by a process of its
 * own. With it a request waits until its note is on disk.
 *
 * `npm run bench -- hold [--events 50000] [--rounds 3]`
 */
import { measureDelivery, microsPerObject, objectsPerSecond, untilDelivered } from './support/delivering.ts';
import { numbersOf } from './support/options.ts';
import { type Row, report } from './support/report.ts';
import { withRig } from './support/rig.ts';
import { medianOf, spreadOf } from './support/statistics.ts';

const sizes = numbersOf({ events: 50_000, rounds: 3 });
const LATENCY_MS = 50;
const PEOPLE = 20_000;
/** Not measured: the compiler's time is nobody's. */
const WARM = sizes.events * 0.4;
const MEASURED = sizes.events * 0.5;

interface Run {
  readonly rate: number;
  readonly cpuMicros: number;
}

function deliver(uncertain: 'resend' | 'hold'): Promise<Run> {
  const destination = { uncertain, concurrency: { start: 16, max: 16 } };
  return withRig({ sink: { latencyMs: LATENCY_MS }, destination }, async (rig) => {
    await rig.fill({ events: sizes.events, people: PEOPLE });
    const server = await rig.start();
    await untilDelivered(rig.sink, WARM);
    const delivered = await measureDelivery(server, rig.sink, () => untilDelivered(rig.sink, MEASURED));
    await server.stop();
    return { rate: objectsPerSecond(delivered), cpuMicros: microsPerObject(delivered) };
  });
}

const runs: Record<'resend' | 'hold', Run[]> = { resend: [], hold: [] };
for (let round = 0; round < sizes.rounds; round += 1) {
  for (const uncertain of ['resend', 'hold'] as const) runs[uncertain].push(await deliver(uncertain));
}

function rowOf(what: 'resend' | 'hold'): Row {
  const ratio = spreadOf(
    runs[what].map(({ cpuMicros }, round) => cpuMicros / (runs.resend[round]?.cpuMicros ?? Number.NaN)),
  );
  return {
    what,
    figures: {
      'delivered/s': medianOf(runs[what].map(({ rate }) => rate)),
      'CPU µs/event': medianOf(runs[what].map(({ cpuMicros }) => cpuMicros)),
    },
    ...(what === 'hold' && { ratio }),
  };
}

report({
  name: 'hold',
  setting: `${sizes.events.toLocaleString('en')} events, at most 16 requests under way, Braze in ${LATENCY_MS} ms; ${sizes.rounds} rounds in turn`,
  reference: 'uncertain: resend; the ratio is the CPU of an event',
  rows: [rowOf('resend'), rowOf('hold')],
});
