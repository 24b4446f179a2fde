/**
 * How long a start takes until the server says that it is ready: with a full log after a stop and after kill -9 in the midst
 * of work, against an empty one. All records wait for their delivery at first; the ids of all are guarded.
 *
 * `npm run bench -- start [--events 1000000] [--rounds 3]`
 */
import { setTimeout as wait } from 'node:timers/promises';
import { untilDelivered } from './support/delivering.ts';
import { PEOPLE } from './support/load.ts';
import { numbersOf } from './support/options.ts';
import { type Row, report } from './support/report.ts';
import { openRig, type Rig } from './support/rig.ts';
import { BRAZE_MS } from './support/sink.ts';
import { medianOf, spreadOf } from './support/statistics.ts';

const sizes = numbersOf({ events: 1_000_000, rounds: 3 });
const WORK_MS = 2_000;
const MORE_SECONDS = 2;

interface Start {
  readonly readySeconds: number;
  /** From the start of the process until the first object has come to the sink; none of an empty log. */
  readonly firstSeconds: number | null;
  /** Until it was ready. */
  readonly cpuSeconds: number;
}

async function startOnce(rig: Rig, end: 'stop' | 'kill'): Promise<Start> {
  const begun = performance.now();
  const server = await rig.start();
  const cpuSeconds = server.cpuMicros() / 1e6;
  const hasBacklog = (await rig.backlog()) > 0;
  if (hasBacklog) await untilDelivered(rig.sink, 1);
  const firstSeconds = hasBacklog ? (performance.now() - begun) / 1000 : null;
  if (end === 'kill') {
    const load = await rig.startLoad(server);
    await load.run();
    await wait(WORK_MS);
    await server.kill();
    await load.stop();
  } else {
    await server.stop();
  }
  return { readySeconds: server.readyMs / 1000, firstSeconds, cpuSeconds };
}

const starts: Record<'empty' | 'stopped' | 'killed', Start[]> = { empty: [], stopped: [], killed: [] };
const full = await openRig();
try {
  await full.fill({ events: sizes.events, people: PEOPLE });
  for (let round = 0; round < sizes.rounds; round += 1) {
    const empty = await openRig();
    starts.empty.push(await startOnce(empty, 'stop').finally(empty.close));
    starts.stopped.push(await startOnce(full, 'kill'));
    starts.killed.push(await startOnce(full, 'stop'));
  }
} finally {
  await full.close();
}

const emptySeconds = medianOf(starts.empty.map(({ readySeconds }) => readySeconds));

function rowOf(what: string, list: readonly Start[], isFull: boolean): Row {
  const seconds = medianOf(list.map(({ readySeconds }) => readySeconds));
  const first = list.map(({ firstSeconds }) => firstSeconds).filter((each) => each !== null);
  const more = seconds - emptySeconds;
  return {
    what,
    figures: {
      'ready after s': seconds,
      'CPU s until then': medianOf(list.map(({ cpuSeconds }) => cpuSeconds)),
      'first object at Braze after s': first.length > 0 ? medianOf(first) : '–',
    },
    ...(isFull && {
      ratio: spreadOf(list.map(({ readySeconds }) => readySeconds / emptySeconds)),
      goals: [{ of: 's more', value: more, atMost: MORE_SECONDS }],
    }),
  };
}

report({
  name: 'start',
  setting: `a log of ${sizes.events.toLocaleString('en')} records of 1 KB, Braze in ${BRAZE_MS} ms; ${sizes.rounds} rounds`,
  reference: 'the start on an empty log',
  rows: [
    rowOf('empty log', starts.empty, false),
    rowOf('full log, after a stop', starts.stopped, true),
    rowOf('full log, after kill -9', starts.killed, true),
  ],
});
