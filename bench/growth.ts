/**
 * Whether an event costs more when there is more of everything: CPU time per event delivered at ten times the people, the
 * backlog, the dead letters that stand in the log, and the partitions of a topic, by that of the plain case. Each case has a
 * log of its own; rounds of all cases in turn, each by a new server that first delivers as many events uncounted.
 *
 * `npm run bench -- growth [--rounds 3] [--events 40000] [--partitions 6]` (partitions 0: without Kafka)
 */
import { startKafka } from '../test/support/kafka/broker.ts';
import { measureDelivery, microsPerObject, objectsPerSecond, untilDelivered } from './support/delivering.ts';
import { fillTopic } from './support/kafka-topic.ts';
import { numbersOf } from './support/options.ts';
import { type Row, report } from './support/report.ts';
import { openRig, type Rig } from './support/rig.ts';
import { BRAZE_MS } from './support/sink.ts';
import { medianOf, type Spread, spreadOf } from './support/statistics.ts';

const sizes = numbersOf({ rounds: 3, events: 40_000, partitions: 6 });
/** Counted and uncounted. */
const PER_ROUND = 2 * sizes.events;
const TOLERANCE = 0.1;

/** The plain case; the others have ten times as much of one of them. */
const PLAIN = { people: 20_000, backlog: 1.5 * PER_ROUND, letters: 1_000 };

interface Round {
  readonly micros: number;
  readonly rate: number;
}

interface Case {
  readonly what: string;
  round(): Promise<Round>;
  close(): Promise<void>;
}

async function deliver(rig: Rig, args: readonly string[] = []): Promise<Round> {
  const server = await rig.start(args);
  await untilDelivered(rig.sink, sizes.events);
  const delivered = await measureDelivery(server, rig.sink, () => untilDelivered(rig.sink, sizes.events));
  await server.stop();
  return { micros: microsPerObject(delivered), rate: objectsPerSecond(delivered) };
}

async function openEmbedded(what: string, times: Partial<typeof PLAIN>): Promise<Case> {
  const { people, backlog, letters } = { ...PLAIN, ...times };
  const rig = await openRig();
  await rig.fill({ events: 0, people, letters });
  return {
    what,
    async round() {
      await rig.fill({ events: backlog - (await rig.backlog()), people });
      return deliver(rig);
    },
    close: rig.close,
  };
}

async function openTopic(what: string, brokers: string[], partitions: number): Promise<Case> {
  const topic = await fillTopic(brokers, { partitions, events: PLAIN.backlog, people: PLAIN.people });
  return {
    what,
    async round() {
      const rig = await topic.openRig();
      try {
        return await deliver(rig, ['--role', 'worker']);
      } finally {
        await rig.close();
      }
    },
    close: () => Promise.resolve(),
  };
}

/** @returns a row for each, the first of which is the plain one that the others are compared with, round by round */
async function compare(cases: readonly Case[]): Promise<Row[]> {
  const rounds = cases.map((): Round[] => []);
  for (let round = 0; round < sizes.rounds; round += 1) {
    for (const [index, each] of cases.entries()) rounds[index]?.push(await each.round());
  }
  const [plain = []] = rounds;
  return cases.map(({ what }, index) => {
    const own = rounds[index] ?? [];
    const ratio = spreadOf(own.map(({ micros }, round) => micros / (plain[round]?.micros ?? Number.NaN)));
    return { what, ...figuresOf(own), ...(index > 0 && comparison(ratio)) };
  });
}

function figuresOf(rounds: readonly Round[]): Pick<Row, 'figures'> {
  const micros = medianOf(rounds.map((round) => round.micros));
  return { figures: { 'CPU µs/event': micros, 'events/s': medianOf(rounds.map(({ rate }) => rate)) } };
}

function comparison(ratio: Spread): Pick<Row, 'ratio' | 'goals'> {
  return {
    ratio,
    goals: [{ of: 'ratio', value: ratio.median, atMost: 1 + TOLERANCE }],
  };
}

async function embeddedRows(): Promise<Row[]> {
  const cases: Case[] = [];
  try {
    cases.push(await openEmbedded('embedded log', {}));
    cases.push(await openEmbedded('× 10 people', { people: PLAIN.people * 10 }));
    cases.push(await openEmbedded('× 10 backlog', { backlog: PLAIN.backlog * 10 }));
    cases.push(await openEmbedded('× 10 dead letters', { letters: PLAIN.letters * 10 }));
    return await compare(cases);
  } finally {
    for (const { close } of cases) await close();
  }
}

async function kafkaRows(): Promise<Row[]> {
  const { brokers, stop } = await startKafka({ brokers: 1 });
  try {
    return await compare([
      await openTopic('Kafka', brokers, sizes.partitions),
      await openTopic('× 10 partitions', brokers, sizes.partitions * 10),
    ]);
  } finally {
    await stop();
  }
}

const rows = [...(await embeddedRows()), ...(sizes.partitions > 0 ? await kafkaRows() : [])];
const plain = `${PLAIN.people.toLocaleString('en')} people, a backlog of ${PLAIN.backlog.toLocaleString('en')} events, ${PLAIN.letters.toLocaleString('en')} dead letters`;
report({
  name: 'growth',
  setting: `${plain}, ${sizes.partitions} partitions, or ten times one of these; Braze in ${BRAZE_MS} ms; ${sizes.rounds} rounds of ${sizes.events.toLocaleString('en')} events`,
  reference:
    'the plain case above; the ratio is the CPU of an event by that of the plain case, within ± 10 %',
  rows,
});
