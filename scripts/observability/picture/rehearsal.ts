/**
 * A short life of the real server for a picture: senders, two destinations, and one fault of each kind in its turn, with
 * a real Prometheus that scrapes it each second.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { RULES_FILE } from '../../../test/observability/support/known.ts';
import {
  type PrometheusServer,
  startPrometheus,
} from '../../../test/observability/support/prometheus-server.ts';
import { type RunningSandbox, startSandbox } from '../../../test/support/sandbox.ts';
import { makeFolder, type ServerFolder, startProcess } from '../../../test/support/server-process.ts';

export interface Rehearsal {
  readonly prometheus: PrometheusServer;
  /** Seconds since the epoch: from when to when there is something to see. */
  readonly from: number;
  readonly to: number;
  close(): Promise<void>;
}

interface Stage {
  readonly eu: RunningSandbox;
  readonly us: RunningSandbox;
  readonly folder: ServerFolder;
  reload(): void;
  send(batch: readonly object[], key?: string): Promise<void>;
}

const BATCH_PAUSE_MS = 100;

/** What happens, at which share of the time. Faults of a sandbox last until its next ones. */
const SCENES: readonly [number, (stage: Stage) => unknown][] = [
  [
    0.1,
    ({ send }) =>
      send([
        { type: 'track', event: 'Nobody Named' },
        { type: 'unheard-of', userId: 'p1' },
      ]),
  ],
  [0.15, ({ eu }) => eu.sandbox.addFaults([THROTTLED])],
  [0.27, ({ eu }) => eu.sandbox.clearFaults()],
  [0.32, ({ eu }) => eu.sandbox.addFaults([REFUSED])],
  [0.4, ({ eu }) => eu.sandbox.clearFaults()],
  [0.42, ({ send }) => send(Array.from({ length: 1_500 }, () => track('loud')))],
  [0.45, ({ us }) => us.sandbox.addFaults([{ do: { status: 401 } }])],
  [0.58, ({ us, reload }) => [us.sandbox.clearFaults(), reload()]],
  [0.66, ({ eu }) => eu.sandbox.addFaults([{ times: 3, do: { reset: 'after' } }])],
  [0.7, ({ eu }) => eu.sandbox.addFaults([{ probability: 0.4, do: { status: 503, delayMs: 400 } }])],
  [0.8, ({ eu }) => eu.sandbox.clearFaults()],
  [0.84, refusedReload],
];
const THROTTLED = { probability: 0.8, do: { status: 429, headers: { 'retry-after': '1' } } };
const REFUSED = { probability: 0.2, do: { status: 400, body: { message: 'no' } } };

/** @param log the configuration's `log`, for a run on Kafka */
export async function rehearse(seconds: number, log: object = {}): Promise<Rehearsal> {
  const [eu, us] = await Promise.all([1, 2].map((seed) => startSandbox({ seed, latencyMs: 40, keep: 10 })));
  if (eu === undefined || us === undefined) throw new Error('no sandbox');
  const folder = makeFolder(
    eu.url,
    {},
    { destinations: [destination('eu', eu), destination('us', us)], log },
  );
  const server = startProcess(['serve', '--config', folder.configFile]);
  const { http, admin } = await server.ready;
  const prometheus = await startPrometheus({ target: new URL(admin).host, rulesFile: RULES_FILE });
  const from = Date.now() / 1_000;
  const stage: Stage = {
    eu,
    us,
    folder,
    reload: () => server.kill('SIGHUP'),
    send: (batch, key = folder.writeKey) => post(http, key, batch),
  };
  await play(stage, seconds);
  return {
    prometheus,
    from,
    to: Date.now() / 1_000,
    async close() {
      await prometheus.close();
      server.kill('SIGTERM');
      await Promise.all([server.exited, eu.close(), us.close()]);
      folder.remove();
    },
  };
}

const destination = (id: string, { url }: RunningSandbox) => ({
  id,
  restEndpoint: url,
  restApiKey: `key-of-${id}`,
  start: 'beginning',
  supportDedup: id === 'eu',
});

async function play(stage: Stage, seconds: number): Promise<void> {
  const begun = Date.now();
  const scenes = [...SCENES];
  for (let share = 0; share < 1; share = (Date.now() - begun) / 1_000 / seconds) {
    while (scenes[0] !== undefined && scenes[0][0] <= share) await scenes.shift()?.[1](stage);
    // A day in short: two hills of load.
    const count = Math.round(6 + 4 * Math.sin(share * 4 * Math.PI));
    await stage.send(Array.from({ length: count }, (_, index) => someEvent(index)));
    if (sent % 50 < 5) await stage.send([{ type: 'track', event: 'Nobody Named' }]);
    if (sent % 80 < 5) await stage.send([track('p1')], 'an-unknown-key');
    await wait(BATCH_PAUSE_MS);
  }
}

let sent = 0;

const track = (userId: string) => ({
  type: 'track',
  event: 'Lamp Lit',
  userId,
  originalTimestamp: new Date().toISOString(),
  properties: { room: 'hall' },
});

/** Of twenty: mostly tracks, some traits (each of them twice), an order, and what is filtered, warned of or rejected. */
function someEvent(index: number): object {
  sent += 1;
  const userId = `p${(sent * 7) % 400}`;
  const kind = (sent + index) % 20;
  if (kind < 4) return { type: 'identify', userId, traits: { city: 'Bergen', plan: sent % 3 } };
  if (kind === 4) return { ...track(userId), event: 'Order Completed', properties: ORDER };
  if (kind === 5) return { ...track(userId), integrations: { All: false } };
  if (kind === 6) return { ...track(userId), messageId: `m${Math.floor(sent / 60)}` };
  if (kind === 7 && sent % 3 === 0) return { type: 'identify', userId, traits: { email: 'not one' } };
  if (kind === 7) return { ...track(userId), anonymousId: `a${sent}` };
  if (kind === 8) return { type: 'page', userId, name: 'Home' };
  return track(userId);
}

const ORDER = { currency: 'EUR', products: [{ product_id: 'lamp', price: 12, quantity: 1 }] };

async function post(http: string, key: string, batch: readonly object[]): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
  const init = { method: 'POST', headers: { authorization }, body: JSON.stringify({ batch }) };
  await (await fetch(`${http}/v1/batch`, init)).arrayBuffer();
}

async function refusedReload({ folder, reload }: Stage): Promise<void> {
  const good = readFileSync(folder.configFile, 'utf8');
  writeFileSync(folder.configFile, `${good}unheardOf: 1\n`);
  reload();
  await wait(1_000);
  writeFileSync(folder.configFile, good);
}
