/**
 * A full topic → Braze, by one worker at full speed, against a bare kafkajs consumer that reads the same records and does
 * nothing with them, in turns. The broker runs on the same cores; at last what a worker uses when nothing happens.
 *
 * `npm run bench -- kafka [--events 200000] [--partitions 12] [--rounds 3] [--idle 10]`
 */
import { setTimeout as wait } from 'node:timers/promises';
import { startKafka } from '../test/support/kafka/broker.ts';
import {
  coresOf,
  type Delivered,
  measureDelivery,
  microsPerObject,
  objectsPerSecond,
  untilDelivered,
  untilObjects,
} from './support/delivering.ts';
import { type Consumed, fillTopic, type KafkaTopic } from './support/kafka-topic.ts';
import { PEOPLE } from './support/load.ts';
import { numbersOf } from './support/options.ts';
import { report } from './support/report.ts';
import { BRAZE_MS } from './support/sink.ts';
import { medianOf, spreadOf } from './support/statistics.ts';

const sizes = numbersOf({ events: 200_000, partitions: 12, rounds: 3, idle: 10 });
/** The first part is not measured: the compiler's time is nobody's. The last neither: its requests are not full. */
const WARM = sizes.events * 0.3;
const MEASURED = sizes.events * 0.65;

interface Round {
  readonly bare: Consumed;
  readonly worker: Delivered & { readonly idlePercent: number };
}

async function deliver(topic: KafkaTopic): Promise<Round['worker']> {
  const rig = await topic.openRig();
  try {
    const server = await rig.start(['--role', 'worker']);
    await untilDelivered(rig.sink, WARM);
    const delivered = await measureDelivery(server, rig.sink, () => untilDelivered(rig.sink, MEASURED));
    await untilObjects(rig.sink, sizes.events);
    const before = server.cpuMicros();
    await wait(sizes.idle * 1000);
    const idlePercent = (server.cpuMicros() - before) / (sizes.idle * 10_000);
    await server.stop();
    return { ...delivered, idlePercent };
  } finally {
    await rig.close();
  }
}

const cluster = await startKafka({ brokers: 1 });
const rounds: Round[] = [];
try {
  const topic = await fillTopic(cluster.brokers, { ...sizes, people: PEOPLE });
  await topic.consume();
  for (let round = 0; round < sizes.rounds; round += 1) {
    rounds.push({ bare: await topic.consume(), worker: await deliver(topic) });
  }
} finally {
  await cluster.stop();
}

const of = (pick: (round: Round) => number) => medianOf(rounds.map(pick));
const rate = of(({ worker }) => objectsPerSecond(worker));
const bareMicros = ({ bare }: Round) => bare.cpuMicros / sizes.events;
const ratio = spreadOf(rounds.map((round) => bareMicros(round) / microsPerObject(round.worker)));
report({
  name: 'kafka',
  setting: `${sizes.events.toLocaleString('en')} events of 1 KB in ${sizes.partitions} partitions, one broker on the same cores, Braze in ${BRAZE_MS} ms; ${rounds.length} rounds`,
  reference: 'a bare kafkajs consumer; the ratio is by CPU',
  rows: [
    {
      what: 'worker, to Braze and committed',
      figures: {
        'events/s': rate,
        'CPU µs/event': of(({ worker }) => microsPerObject(worker)),
        'events/s per core used': 1e6 / of(({ worker }) => microsPerObject(worker)),
      },
      ratio,
      cores: of(({ worker }) => coresOf(worker)),
      goals: [{ of: 'objects/s', value: rate, atLeast: 60_000 }],
      guard: ratio.median,
    },
    {
      what: 'bare kafkajs consumer',
      figures: {
        'events/s': of(({ bare }) => sizes.events / bare.seconds),
        'CPU µs/event': of(bareMicros),
        'events/s per core used': 1e6 / of(bareMicros),
      },
      cores: of(({ bare }) => bare.cpuMicros / bare.seconds / 1e6),
    },
  ],
  notes: [`A worker at rest uses ${of(({ worker }) => worker.idlePercent).toFixed(1)} % of a core.`],
});
