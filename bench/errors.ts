/**
 * What one percent of random 5xx costs: the same deliveries against the same sandbox, rounds with and without it in
 * turn, so that what else the machine does hits both. Run by hand: `npm run bench -- errors [rounds]`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createBrazeClient } from '../src/braze/client.ts';
import type { Delivery } from '../src/delivery/delivery.ts';
import { createDelivery } from '../src/delivery/dispatcher.ts';
import { systemClock } from '../src/model/time.ts';

const OBJECTS = 30_000;
const PEOPLE = 10_000;
const ROUNDS = Number(process.argv[2] ?? 6);
/** Braze's time and the requests under way are the limit here, not the machine's speed. */
const LATENCY_MS = 100;
const CONCURRENCY = 8;
/** What an operator may rely on. */
const LEAST_RATIO = 0.9;

async function startSandbox() {
  const options = [
    '--port=0',
    '--keep=0',
    '--no-profiles',
    '--rate-limit=1000000',
    `--latency-ms=${LATENCY_MS}`,
  ];
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../src/main.ts'), 'sandbox', ...options],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  process.on('exit', () => child.kill());
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { url: String(JSON.parse(String(line)).url), stop: () => child.kill() };
}

async function setFaults(url: string, probability: number): Promise<void> {
  await fetch(`${url}/_sandbox/faults`, { method: 'DELETE' });
  if (probability === 0) return;
  const body = JSON.stringify([{ probability, do: { status: 500 } }]);
  const reply = await fetch(`${url}/_sandbox/faults`, { method: 'POST', body });
  if (!reply.ok) throw new Error(`the sandbox took no faults: ${await reply.text()}`);
}

interface Round {
  readonly perSecond: number;
  readonly failed: number;
}

/** Delivers everything; how fast, and how many requests failed on the way. */
async function deliver(url: string): Promise<Round> {
  const client = createBrazeClient({
    restEndpoint: url,
    readRestApiKey: () => 'bench',
    maxSockets: CONCURRENCY,
  });
  const done = Promise.withResolvers<void>();
  let [settled, failed] = [0, 0];
  const delivery = createDelivery<number>({
    client,
    clock: systemClock,
    random: Math.random,
    rateLimit: { requests: 1_000_000, perSeconds: 1 },
    concurrency: { start: CONCURRENCY, max: CONCURRENCY },
    packing: 'combined',
    lingerMs: 5,
    identifyQuietMs: 0,
    poisonAfterMs: 3_600_000,
    settle: async ({ items }) => {
      settled += items.length;
      if (settled === OBJECTS) done.resolve();
    },
    observe: ({ verdict }) => {
      if (verdict.kind === 'retry') failed += 1;
    },
    onHalt: (halt) => halt && done.reject(new Error(halt.message)),
    onError: done.reject,
  });
  const from = performance.now();
  addAll(delivery);
  await done.promise;
  const seconds = (performance.now() - from) / 1000;
  client.close();
  return { perSecond: Math.round(OBJECTS / seconds), failed };
}

function addAll(delivery: Delivery<number>): void {
  for (let index = 0; index < OBJECTS; index += 1) {
    const user = `user-${index % PEOPLE}`;
    const text = JSON.stringify({ external_id: user, name: 'Lamp Lit', time: '2026-11-22T12:00:00Z' });
    const bytes = Buffer.byteLength(text);
    delivery.add([{ kind: 'event', keys: [`external_id:${user}`], text, bytes, part: 'event:0' }], index);
  }
}

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const sandbox = await startSandbox();
await deliver(sandbox.url);
const rounds: { undisturbed: Round; errors: Round }[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  await setFaults(sandbox.url, 0);
  const undisturbed = await deliver(sandbox.url);
  await setFaults(sandbox.url, 0.01);
  rounds.push({ undisturbed, errors: await deliver(sandbox.url) });
}
sandbox.stop();
console.table(
  rounds.map(({ undisturbed, errors }) => ({
    'undisturbed, objects/s': undisturbed.perSecond,
    'with 1 % errors, objects/s': errors.perSecond,
    'requests that failed': errors.failed,
  })),
);
const ratio =
  median(rounds.map(({ errors }) => errors.perSecond)) /
  median(rounds.map(({ undisturbed }) => undisturbed.perSecond));
console.log(`ratio of the medians: ${ratio.toFixed(2)}, expected at least ${LEAST_RATIO}`);
if (ratio < LEAST_RATIO) process.exitCode = 1;
process.exit();
