/**
 * What errors now and then cost: objects delivered per second while Braze answers 1 % of the requests with 500, or the
 * connections of 1 % are cut, against the undisturbed rate. The delivery alone, always with enough to send; the local
 * Braze is a process of its own and answers slowly enough that the requests under way are the limit, and not the
 * machine. The phases take turns, so that what else the machine does befalls all of them; medians are compared.
 *
 * `npm run bench -- errors [--rounds 3] [--seconds 10] [--latency-ms 300] [--max 32] [--share 0.01]`
 */
import { setTimeout as wait } from 'node:timers/promises';
import { createBrazeClient } from '../src/braze/client.ts';
import { createDelivery } from '../src/delivery/dispatcher.ts';
import { systemClock } from '../src/model/time.ts';
import { startProcess } from '../test/support/server-process.ts';
import { numbersOf } from './support/options.ts';
import { report } from './support/report.ts';
import { medianOf, spreadOf } from './support/statistics.ts';

const sizes = numbersOf({ rounds: 3, seconds: 10, 'latency-ms': 300, max: 32, share: 0.01 });
const { rounds: ROUNDS, seconds: SECONDS, max: MAX, share: PROBABILITY } = sizes;
/** At the start of a phase, so that none is measured with the requests under way that the one before left behind. */
const SETTLING_MS = 5_000;
const GOAL = 0.9;
const PEOPLE = 100_000;
/** As many as the pipeline lets wait. */
const QUEUED = 20_000;

const PHASES: readonly [string, object[]][] = [
  ['undisturbed', []],
  ['500', [{ probability: PROBABILITY, do: { status: 500 } }]],
  ['cut before the request is read', [{ probability: PROBABILITY, do: { reset: 'before' } }]],
  ['cut before the reply', [{ probability: PROBABILITY, do: { reset: 'after' } }]],
];

const SANDBOX = 'sandbox --port 0 --keep 0 --no-profiles --rate-limit 1000000 --latency-ms';
const braze = startProcess([...SANDBOX.split(' '), String(sizes['latency-ms'])]);
const { url } = (await braze.ready) as unknown as { url: string };
const client = createBrazeClient({ restEndpoint: url, readRestApiKey: () => 'bench', maxSockets: 2 * MAX });
const counts = { delivered: 0, attempts: 0, failed: 0 };
let next = 0;
const delivery = createDelivery<null>({
  client,
  clock: systemClock,
  random: Math.random,
  rateLimit: { requests: 3_000, perSeconds: 3 },
  concurrency: { start: 16, max: MAX },
  packing: 'combined',
  lingerMs: 50,
  identifyQuietMs: 0,
  poisonAfterMs: 3_600_000,
  settle: async ({ items }) => {
    counts.delivered += items.length;
    fill();
  },
  observe: ({ verdict }) => {
    counts.attempts += 1;
    if (verdict.kind === 'retry') counts.failed += 1;
  },
  onHalt: (halt) => {
    if (halt) throw new Error(`halted: ${halt.code}`);
  },
  onError: (error) => {
    throw error;
  },
});

interface Measured {
  readonly perSecond: number;
  readonly attempts: number;
  readonly failed: number;
}

fill();
const measured = new Map<string, Measured[]>(PHASES.map(([name]) => [name, []]));
await phase([], 10_000);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, faults] of PHASES) measured.get(name)?.push(await phase(faults, SECONDS * 1_000));
}
delivery.abort();
client.close();
braze.kill('SIGTERM');
await braze.exited;
tell();

async function phase(faults: readonly object[], ms: number): Promise<Measured> {
  await fetch(`${url}/_sandbox/faults`, { method: 'DELETE' });
  if (faults.length > 0) {
    const reply = await fetch(`${url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(faults) });
    if (!reply.ok) throw new Error(`the sandbox took no faults: ${await reply.text()}`);
  }
  await wait(SETTLING_MS);
  const [from, before] = [performance.now(), { ...counts }];
  await wait(ms);
  const seconds = (performance.now() - from) / 1_000;
  return {
    perSecond: (counts.delivered - before.delivered) / seconds,
    attempts: counts.attempts - before.attempts,
    failed: counts.failed - before.failed,
  };
}

function fill(): void {
  while (delivery.queued < QUEUED) {
    const person = `user-${next % PEOPLE}`;
    const text = JSON.stringify({
      external_id: person,
      name: 'Lamp Lit',
      time: '2026-11-22T12:00:00Z',
      properties: { number: next, room: 'kitchen', text: 'x'.repeat(200) },
    });
    const bytes = Buffer.byteLength(text);
    delivery.add([{ kind: 'event', keys: [`external_id:${person}`], text, bytes, part: 'event:0' }], null);
    next += 1;
  }
}

function tell(): void {
  const rates = (name: string) => (measured.get(name) ?? []).map(({ perSecond }) => perSecond);
  const sum = (name: string, what: 'attempts' | 'failed') =>
    (measured.get(name) ?? []).reduce((total, each) => total + each[what], 0);
  const undisturbed = rates('undisturbed');
  report({
    name: 'errors',
    setting: `Braze in ${sizes['latency-ms']} ms, at most ${MAX} requests under way, ${PROBABILITY * 100} % fail; ${ROUNDS} rounds of ${SECONDS} s`,
    reference: 'nothing fails; the ratio is by throughput',
    rows: PHASES.map(([what]) => {
      const ratio = spreadOf(rates(what).map((rate, round) => rate / (undisturbed[round] ?? Number.NaN)));
      return {
        what,
        figures: {
          'objects/s': medianOf(rates(what)),
          requests: sum(what, 'attempts'),
          'of which failed': sum(what, 'failed'),
        },
        ratio,
        goals: [{ of: 'ratio', value: ratio.median, atLeast: GOAL }],
      };
    }),
  });
}
