/**
 * Bounded chaos: senders at a steady rate, and at random, by seeded dice, everything that may befall the process and
 * Braze; then the faults end and the judge looks at it all (I1 to I8). It needs no test runner, so that a script can
 * have it run for as long as somebody wants.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { RecordedRequest } from '../../src/sandbox/server.ts';
import { befall, type Doing } from './doings.ts';
import { type Judgement, judge, orphansOf } from './judge.ts';
import { scrape, until } from './lives.ts';
import { leaksIn, vitalsOf } from './process-judge.ts';
import { type Resident, watchResident } from './resident.ts';
import { type SoakRig, startSoakRig, UNDER_WAY } from './soak-rig.ts';
import { type SoakVerdict, verdictOf } from './soak-verdict.ts';
import { turnWeather } from './weather.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Told what happens, as it happens. */
  readonly tell?: (line: string) => void;
}

export interface SoakReport extends SoakVerdict {
  readonly seed: number;
  readonly seconds: number;
  /** How often each thing happened. */
  readonly happened: Readonly<Record<string, number>>;
  readonly judgement: Judgement;
  readonly resident: Resident;
  /** What Braze got, in order, and what the processes wrote: for whoever looks into a broken invariant. */
  readonly requests: readonly RecordedRequest[];
  readonly stderr: string;
}

const FRESH_WITHIN_MS = 10_000;
const DRAINED_WITHIN_MS = 120_000;

/** Throws when the process cannot be started or what was accepted does not end. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const { minutes, seed } = options;
  const startedAt = performance.now();
  const cleanups: (() => unknown)[] = [];
  try {
    const rig = await startSoakRig(options, cleanups);
    const before = vitalsOf((await rig.lives.begin()).pid);
    const watch = watchResident(() => rig.lives.ready?.pid);
    cleanups.push(watch.stop);
    await chaos(rig, minutes * 60_000);
    await calm(rig);
    await look(rig);
    const after = vitalsOf(rig.lives.ready?.pid ?? 0);
    const resident = watch.stop();
    const exitCode = await rig.lives.end('SIGTERM');
    if (exitCode !== 0) rig.broken.push(`I7: the last exit code was ${exitCode}`);
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    return { seed, seconds, ...reportOf(rig, { vitals: { before, after }, resident, minutes }) };
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

function reportOf(
  rig: SoakRig,
  seen: Pick<Parameters<typeof verdictOf>[0], 'vitals' | 'resident' | 'minutes'>,
): Omit<SoakReport, 'seed' | 'seconds'> {
  const { producer, braze, happened, killed, cut } = rig;
  const { lifeOf } = rig.lives;
  const requests = braze.sandbox.requests();
  const judgement = judge({ producer, requests, letters: new Set(), lifeOf });
  braze.sandbox.flush();
  const orphans = orphansOf(braze.sandbox.users()).length;
  const verdict = verdictOf({
    judgement,
    requests,
    lifeOf,
    killed,
    cut,
    orphans,
    underWay: UNDER_WAY,
    ...seen,
  });
  const broken = [...rig.broken, ...verdict.broken];
  const stderr = rig.lives.stderr();
  return { happened, judgement, requests, stderr, resident: seen.resident, ...verdict, broken };
}

/** Senders, weather and what befalls the process, side by side, until the time is over. */
async function chaos(rig: SoakRig, ms: number): Promise<void> {
  const over = new AbortController();
  const from = performance.now();
  const isOver = () => over.signal.aborted || performance.now() - from > ms;
  const sides = [
    ...Array.from({ length: LANES }, (_, lane) => sendSteadily(rig, lane, isOver)),
    turnWeather(rig, isOver),
  ];
  try {
    await befallAgainAndAgain(rig, isOver, ms);
  } finally {
    over.abort();
    rig.braze.sandbox.clearFaults();
    rig.proxy.heal();
    if (!rig.lives.ready) await rig.lives.begin();
    await Promise.all(sides);
  }
}

const LANES = 6;
const PEOPLE_PER_BATCH = 10;
const BATCHES_PER_PERSON = 40;
/** 6 lanes with 10 events each 400 ms: 150 events a second. */
const EVERY_MS = 400;

/** New people all the time, so that there are always links to make. */
async function sendSteadily({ producer }: SoakRig, lane: number, isOver: () => boolean): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    const nextAt = performance.now() + EVERY_MS;
    const first = Math.floor(turn / BATCHES_PER_PERSON) * PEOPLE_PER_BATCH;
    await producer.produce(
      Array.from({ length: PEOPLE_PER_BATCH }, (_, index) => `p${lane}-${first + index}`),
    );
    await wait(Math.max(0, nextAt - performance.now()));
  }
}

/** Often enough that a short soak has a dozen, seldom enough that in a long one processes live for minutes. */
async function befallAgainAndAgain(rig: SoakRig, isOver: () => boolean, ms: number): Promise<void> {
  const meanMs = Math.min(180_000, Math.max(5_000, ms / 15));
  const order: Doing[] = ['kill', 'restart', 'reload', 'bad reload', 'kill', 'kill while it starts'];
  for (let turn = 0; ; turn += 1) {
    const nextAt = performance.now() + meanMs * (0.3 + 1.4 * rig.dice());
    while (performance.now() < nextAt) {
      if (isOver()) return;
      await wait(50);
    }
    // Each once before the dice decide, so that also the shortest soak has all of them.
    const doing = order[turn < order.length ? turn : Math.floor(rig.dice() * order.length)];
    if (doing) await befall(doing, rig);
  }
}

/** The faults are over: a fresh event arrives soon, and all the others in time (I5). */
async function calm(rig: SoakRig): Promise<void> {
  const { braze, producer, lives, broken } = rig;
  const { ready } = lives;
  if (!ready) throw new Error('no process is ready');
  const from = performance.now();
  const [fresh] = await producer.produce(['fresh']);
  const hasArrived = () =>
    braze.sandbox.requests().some(({ body }) => JSON.stringify(body).includes(`"${fresh?.id}"`));
  await until('a fresh event arrives', async () => hasArrived(), DRAINED_WITHIN_MS);
  const tookMs = Math.round(performance.now() - from);
  if (tookMs > FRESH_WITHIN_MS) broken.push(`I5: a fresh event took ${tookMs} ms`);
  await until(
    'everything accepted has its outcome',
    async () => {
      const of = await scrape(ready);
      return of('brazier_backlog_events') + of('brazier_events_in_flight') === 0;
    },
    DRAINED_WITHIN_MS,
  );
}

/** No dead letters of good events, the sums of the metrics, and no secret where it does not belong (I8). */
async function look({ lives, folder, broken }: SoakRig): Promise<void> {
  const { ready } = lives;
  if (!ready) return;
  const of = await scrape(ready);
  if (of('brazier_dead_letters') > 0)
    broken.push(`I1: ${of('brazier_dead_letters')} dead letters of good events`);
  if (of('brazier_events_read_total') !== of('brazier_events_total'))
    broken.push('metrics: read is not what ended');
  const token = readFileSync(folder.tokenFile, 'utf8').trim();
  const admin = async (path: string) =>
    (await fetch(`${ready.admin}${path}`, { headers: { authorization: `Bearer ${token}` } })).text();
  const shown = {
    metrics: await admin('/metrics'),
    readiness: await admin('/health/ready'),
    destinations: await admin('/destinations'),
    stdout: lives.stdout(),
    stderr: lives.stderr(),
  };
  for (const place of leaksIn(shown, [token])) broken.push(`I8: a secret stands in ${place}`);
  if (/unhandled|uncaught|MaxListenersExceeded/i.test(shown.stderr))
    broken.push('I7: something was rejected unheard');
}
