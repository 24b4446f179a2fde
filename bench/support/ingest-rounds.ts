/**
 * What the ingest server costs, against the least that node:http can do for the same promise: parse, stringify each
 * event, append to the same log, answer. Rounds of both in turn, each in a process of its own.
 */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { type Load, type LoadStart, startLoad } from './load.ts';
import type { Row } from './report.ts';
import { medianOf, spreadOf } from './statistics.ts';

export const WRITE_KEY = 'bench';
export const CONNECTIONS = 50;

const LOOK_MS = 20;

export interface IngestShape {
  readonly what: string;
  readonly load: Partial<LoadStart>;
}

interface Side {
  readonly server: Child;
  readonly load: Load;
}

interface Round {
  readonly rate: number;
  readonly cpuMicros: number;
  readonly cores: number;
}

export async function compareIngest(
  { what, load }: IngestShape,
  { rounds, events }: { readonly rounds: number; readonly events: number },
): Promise<Row> {
  const sides = [await startSide('node:http', load), await startSide('Brazier', load)] as const;
  const [floor, brazier] = sides;
  const [floors, ours]: [Round[], Round[]] = [[], []];
  try {
    // The compiler's time is nobody's.
    for (const side of sides) await measure(side, events / 2);
    for (let round = 0; round < rounds; round += 1) {
      floors.push(await measure(floor, events));
      ours.push(await measure(brazier, events));
    }
  } finally {
    for (const { server, load: sender } of sides) await Promise.all([sender.stop(), server.stop()]);
  }
  return rowOf(what, floors, ours);
}

async function startSide(kind: string, shape: Partial<LoadStart>): Promise<Side> {
  const server = startChild(join(import.meta.dirname, 'ingest-server.ts'));
  const origin = await server.ask<string>('serve', kind);
  const load = await startLoad({ origin, writeKey: WRITE_KEY, connections: CONNECTIONS, ...shape });
  return { server, load };
}

async function measure({ server, load }: Side, wanted: number): Promise<Round> {
  const [cpu, before, from] = [
    await server.ask<number>('cpuMicros'),
    (await load.counts()).accepted,
    performance.now(),
  ];
  await load.run();
  while ((await load.counts()).accepted < before + wanted) await wait(LOOK_MS);
  await load.pause();
  const { accepted, refused } = await load.counts();
  const seconds = (performance.now() - from) / 1000;
  if (refused > 0) throw new Error(`${refused} requests were refused`);
  const used = (await server.ask<number>('cpuMicros')) - cpu;
  const events = accepted - before;
  return { rate: events / seconds, cpuMicros: used / events, cores: used / seconds / 1e6 };
}

/** The ratio is by CPU: events per second of CPU time, ours by the reference's, each round by the one before it. */
function rowOf(what: string, floors: readonly Round[], ours: readonly Round[]): Row {
  const of = (rounds: readonly Round[], pick: (round: Round) => number) => medianOf(rounds.map(pick));
  const ratio = spreadOf(ours.map(({ cpuMicros }, index) => (floors[index]?.cpuMicros ?? 0) / cpuMicros));
  return {
    what,
    figures: {
      'node:http events/s': of(floors, ({ rate }) => rate),
      'Brazier events/s': of(ours, ({ rate }) => rate),
      'node:http CPU µs/event': of(floors, ({ cpuMicros }) => cpuMicros),
      'Brazier CPU µs/event': of(ours, ({ cpuMicros }) => cpuMicros),
    },
    ratio,
    cores: of(ours, ({ cores }) => cores),
    goals: [{ of: 'ratio', value: ratio.median, atLeast: 0.9 }],
    guard: ratio.median,
  };
}
