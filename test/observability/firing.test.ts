/**
 * Alerts seen firing by a real Prometheus from the real server's own metrics, while what they are for goes wrong. The
 * rules are those that operators get, with their times divided: an hour is a minute here.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FaultRule } from '../../src/sandbox/server.ts';
import { type RunningSandbox, startSandbox } from '../support/sandbox.ts';
import {
  FOLDER_PREFIX,
  makeFolder,
  type ServerFolder,
  type ServerProcess,
  startProcess,
} from '../support/server-process.ts';
import { type PrometheusServer, startPrometheus } from './support/prometheus-server.ts';
import { quickRules } from './support/quick-rules.ts';
import { SEEN_LIVE } from './support/seen.ts';
import { isLacking } from './support/tools.ts';

const FASTER = 60;
const SOON = { timeout: 110_000, interval: 100 };

/** What each destination's Braze does once it goes wrong. */
const BRAZES: Readonly<Record<string, readonly FaultRule[]>> = {
  healthy: [],
  refused: [{ do: { status: 401 } }],
  silent: [{ do: { status: 503 } }],
  picky: [{ do: { status: 400, body: { message: 'no' } } }],
  throttled: [{ probability: 0.5, do: { status: 429, headers: { 'retry-after': '0' } } }],
  flaky: [
    { times: 2, do: { reset: 'after' } },
    { probability: 0.5, do: { status: 500 } },
  ],
};

const rulesFolder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
const brazes = new Map<string, RunningSandbox>();
let folder: ServerFolder;
let server: ServerProcess;
let http: string;
let prometheus: PrometheusServer;
let isOver = false;
let senders: Promise<unknown>;
/** Longer when the log is to be filled. */
let padding = '';

async function post(batch: readonly object[], key = folder.writeKey): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
  const init = { method: 'POST', headers: { authorization }, body: JSON.stringify({ batch }) };
  await (await fetch(`${http}/v1/batch`, init)).arrayBuffer();
}

/** Good events of many people, one that names nobody, and a sender with a key that no source has. */
async function sendUntilOver(): Promise<void> {
  for (let turn = 0; !isOver; turn += 1) {
    const good = Array.from({ length: padding === '' ? 4 : 16 }, (_, i) => ({
      type: 'track',
      event: 'Lamp Lit',
      userId: `u${turn}-${i}`,
      properties: { padding },
    }));
    await post([...good, { type: 'track', event: 'Nobody Named' }]);
    if (turn % 3 === 0) await post(good, 'unknown-key');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Those that fire, or did at any time since the beginning. */
const fired = async (alert: string, severity: string): Promise<Readonly<Record<string, string>>[]> => {
  const selector = `ALERTS{alertname="${alert}", severity="${severity}", alertstate="firing"}`;
  return (await prometheus.query(`last_over_time(${selector}[1h])`)).map(({ metric }) => metric);
};

/** Any number of destinations may be there beside the one that is meant. */
async function seen(alert: string, severity: string, destination?: string): Promise<void> {
  const labels = { namespace: 'events', job: 'brazier-admin', ...(destination && { destination }) };
  await vi.waitFor(
    async () => expect(await fired(alert, severity), alert).toContainEqual(expect.objectContaining(labels)),
    SOON,
  );
}

const EXPECTED = [
  'BrazierSendersUnauthorized',
  'BrazierIngestRejecting',
  'BrazierEventLoopSlow',
  'BrazierEventsOld',
];
const isOfFullLog = (name: string): boolean =>
  ['BrazierLogNearlyFull', 'BrazierIngestShedding'].includes(name);
const WHEN_FULL = SEEN_LIVE.filter(([name]) => isOfFullLog(name));
const BEFORE = SEEN_LIVE.filter(([name]) => name !== 'BrazierDown' && !isOfFullLog(name));

describe.skipIf(isLacking)('with its times divided', { timeout: 180_000 }, () => {
  beforeAll(async () => {
    for (const name of Object.keys(BRAZES)) brazes.set(name, await startSandbox({ keep: 10 }));
    const destinations = [...brazes].map(([id, { url }]) => ({
      id,
      restEndpoint: url,
      restApiKey: 'test-rest-key',
      start: 'beginning',
    }));
    const more = { destinations, log: { maxBytes: 6 * 2 ** 20 } };
    folder = makeFolder('http://127.0.0.1:1', {}, more);
    server = startProcess(['serve', '--config', folder.configFile]);
    const ready = await server.ready;
    http = ready.http;
    const rulesFile = join(rulesFolder, 'quick.rules.yaml');
    writeFileSync(rulesFile, quickRules(FASTER));
    const target = new URL(ready.admin).host;
    prometheus = await startPrometheus({ target, rulesFile });
    await vi.waitFor(async () => expect(await prometheus.query('brazier_build_info')).toHaveLength(1), SOON);
    senders = sendUntilOver();
  });

  afterAll(async () => {
    isOver = true;
    await prometheus?.close();
    server?.kill('SIGKILL');
    await Promise.all([server?.exited, senders?.catch(() => undefined)]);
    for (const braze of brazes.values()) await braze.close();
    folder?.remove();
    rmSync(rulesFolder, { recursive: true, force: true });
  });

  it('nobody is called while events are delivered', async () => {
    const delivered = 'sum by (destination) (brazier_events_total{outcome="delivered"}) > 50';
    await vi.waitFor(async () => expect(await prometheus.query(delivered)).toHaveLength(brazes.size), SOON);
    // The sender with the unknown key, and the events that name nobody, are there from the beginning; and a machine that
    // has much to do is slow, which is not what is asked here.
    const others = await prometheus.query(`ALERTS{alertstate="firing", alertname!~"${EXPECTED.join('|')}"}`);
    expect(others).toEqual([]);
  });

  it('Brazes and an operator that go wrong are told', async () => {
    for (const [name, rules] of Object.entries(BRAZES)) brazes.get(name)?.sandbox.addFaults(rules);
    const good = readFileSync(folder.configFile, 'utf8');
    writeFileSync(folder.configFile, `${good}unheardOf: 1\n`);
    server.kill('SIGHUP');
    await Promise.all(BEFORE.map((each) => seen(...each)));
  });

  it('the healthy destination beside them calls nobody', async () => {
    const names = 'BrazierDestinationHalted|BrazierDeliveryFailing|BrazierThrottled|BrazierDeadLetters';
    const about = (destination: string) => `ALERTS{alertname=~"${names}", destination=~"${destination}"}`;
    expect(await prometheus.query(about('healthy'))).toEqual([]);
    expect(await prometheus.query(about('refused|flaky|throttled|picky'))).not.toEqual([]);
  });

  it('a log that fills up, and then turns senders away, is told', async () => {
    padding = 'x'.repeat(30_000);
    await Promise.all(WHEN_FULL.map((each) => seen(...each)));
  });

  it('a process that is gone is told', async () => {
    isOver = true;
    await senders;
    server.kill('SIGKILL');
    await seen('BrazierDown', 'critical');
  });
});
