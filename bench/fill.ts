/**
 * How full the requests to Braze are: with a backlog, and at 1,000 events a second that come one by one.
 *
 * `npm run bench -- fill [--events 500000] [--rounds 4] [--seconds 2] [--rate 1000]`
 */
import { setTimeout as wait } from 'node:timers/promises';
import { measureDelivery, untilDelivered, untilObjects, whileBacklog } from './support/delivering.ts';
import { PEOPLE } from './support/load.ts';
import { numbersOf } from './support/options.ts';
import { type Row, report } from './support/report.ts';
import { type Rig, withRig } from './support/rig.ts';
import type { Server } from './support/server.ts';
import { BRAZE_MS } from './support/sink.ts';
import { medianOf, spreadOf } from './support/statistics.ts';

const sizes = numbersOf({ events: 500_000, rounds: 4, seconds: 2, rate: 1_000 });

/** Braze: objects of one /users/track request. */
const FULL = 75;
const SETTLING_MS = 1_000;

const rows = await withRig({}, async (rig) => {
  await rig.fill({ events: sizes.events, people: PEOPLE });
  const server = await rig.start();
  await untilDelivered(rig.sink, 1);
  await wait(SETTLING_MS);
  const full = await rounds(rig, server, 'with a backlog', 0.97);
  await untilObjects(rig.sink, sizes.events);
  const load = await rig.startLoad(server, { path: '/v1/track', events: null, connections: 50 });
  await load.run(sizes.rate);
  await wait(SETTLING_MS);
  const few = await rounds(rig, server, `${sizes.rate.toLocaleString('en')} events/s, one by one`, 0.6);
  await load.stop();
  await server.stop();
  return [full, few];
});

async function rounds(rig: Rig, server: Server, what: string, atLeast: number): Promise<Row> {
  const all = [];
  for (let round = 0; round < sizes.rounds; round += 1) {
    // A backlog must not end within a round, and a rate has none.
    const until = async () => {
      const left = await rig.backlog();
      await (left > 0 ? whileBacklog(rig, sizes.seconds) : wait(sizes.seconds * 1000));
    };
    const delivered = await measureDelivery(server, rig.sink, until);
    if (delivered.requests > 0) all.push(delivered);
  }
  const ratio = spreadOf(all.map(({ objects, requests }) => objects / requests / FULL));
  return {
    what,
    figures: {
      'objects/request': medianOf(all.map(({ objects, requests }) => objects / requests)),
      'objects/s': medianOf(all.map(({ objects, seconds }) => objects / seconds)),
    },
    ratio,
    cores: medianOf(all.map(({ serverMicros, seconds }) => serverMicros / seconds / 1e6)),
    goals: [{ of: 'ratio', value: ratio.median, atLeast }],
    guard: ratio.median,
  };
}

report({
  name: 'fill',
  setting: `objects in a request, linger 50 ms, Braze in ${BRAZE_MS} ms; ${sizes.rounds} rounds of ${sizes.seconds} s`,
  reference: `${FULL} objects`,
  rows,
});
