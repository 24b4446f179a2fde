/** A real Prometheus that scrapes the running server and loads the rules, asked through its own API. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { chosen } from '../../scripts/observability/picture/evaluate.ts';
import { type RunningSandbox, startSandbox } from '../support/sandbox.ts';
import {
  makeFolder,
  type ServerFolder,
  type ServerProcess,
  startProcess,
} from '../support/server-process.ts';
import { alerts, dashboardFile, knownSeries, panelsOf, RULES_FILE } from './support/known.ts';
import { type PrometheusServer, startPrometheus } from './support/prometheus-server.ts';
import { isLacking } from './support/tools.ts';

const SOON = { timeout: 60_000, interval: 100 };

let braze: RunningSandbox;
let folder: ServerFolder;
let server: ServerProcess;
let http: string;
let prometheus: PrometheusServer;

async function send(count: number, userId: string): Promise<void> {
  const batch = Array.from({ length: count }, () => ({ type: 'track', event: 'Lamp Lit', userId }));
  const authorization = `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}`;
  const answer = await fetch(`${http}/v1/batch`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ batch }),
  });
  expect(answer.status).toBe(200);
}

const oneValue = async (expr: string): Promise<number | undefined> =>
  (await prometheus.query(expr))[0]?.value;

describe.skipIf(isLacking)('a Prometheus that scrapes the running server', () => {
  beforeAll(async () => {
    braze = await startSandbox({ keep: 10_000, latencyMs: 50 });
    folder = makeFolder(braze.url);
    server = startProcess(['serve', '--config', folder.configFile]);
    const ready = await server.ready;
    http = ready.http;
    prometheus = await startPrometheus({ target: new URL(ready.admin).host, rulesFile: RULES_FILE });
    await vi.waitFor(async () => expect(await oneValue('brazier_build_info')).toBe(1), SOON);
  });

  afterAll(async () => {
    await prometheus?.close();
    server?.kill('SIGTERM');
    await server?.exited;
    await braze?.close();
    folder?.remove();
  });

  it('knows every metric of the registry, with its type', async () => {
    const metadata = await prometheus.api<Record<string, readonly { type: string }[]>>('metadata');
    const families = [...knownSeries().keys()].map((name) => name.replace(/_bucket$/, ''));
    expect(families.filter((name) => metadata[name] === undefined && !/_(sum|count)$/.test(name))).toEqual(
      [],
    );
    expect(metadata.brazier_events_total?.[0]?.type).toBe('counter');
  });

  it('loads every rule, and evaluates each without an error', async () => {
    interface Rule {
      readonly name: string;
      readonly health: string;
      readonly lastError?: string;
    }
    await vi.waitFor(async () => {
      const { groups } = await prometheus.api<{ groups: readonly { rules: readonly Rule[] }[] }>('rules');
      const rules = groups.flatMap((group) => group.rules);
      expect(rules.map(({ name }) => name).toSorted()).toEqual(
        alerts()
          .map(({ alert }) => alert)
          .toSorted(),
      );
      for (const { name, health, lastError } of rules)
        expect([name, health, lastError]).toEqual([name, 'ok', undefined]);
    }, SOON);
  });

  it('counts what was sent, and what reached Braze, and that nothing is unaccounted for, over a reload too', async () => {
    await send(200, 'u1');
    const written = readFileSync(folder.configFile, 'utf8');
    writeFileSync(
      folder.configFile,
      written.replace('start: beginning', 'start: beginning\n    lingerMs: 20'),
    );
    server.kill('SIGHUP');
    await send(200, 'u2');
    const delivered =
      'sum(brazier_events_total{outcome="delivered", namespace="events", job="brazier-admin"})';
    await vi.waitFor(async () => expect(await oneValue(delivered)).toBe(400), SOON);
    expect(await oneValue('sum(brazier_ingest_events_total{outcome="accepted"})')).toBe(400);
    expect(await prometheus.query('brazier_events_unaccounted')).toMatchObject([{ value: 0 }]);
    expect(await oneValue('max(max_over_time(brazier_events_unaccounted[5m]))')).toBe(0);
    expect(await oneValue('min(min_over_time(brazier_events_unaccounted[5m]))')).toBe(0);
    const reloads = 'sum(brazier_config_reloads_total{outcome="applied"})';
    await vi.waitFor(async () => expect(await oneValue(reloads)).toBe(1), SOON);
  });

  it('answers every query of the dashboard, with figures where there can be any', async () => {
    // A rate needs two scrapes.
    await vi.waitFor(async () => {
      const empty = new Set<string>();
      for (const { title, targets = [] } of panelsOf(dashboardFile())) {
        for (const { expr } of targets)
          if ((await prometheus.query(chosen(expr, '1m'))).length === 0) empty.add(title);
      }
      expect([...empty].toSorted()).toEqual(SILENT);
    }, SOON);
    for (const { expr } of dashboardFile().annotations.list) await prometheus.query(chosen(expr, '1m'));
  });

  it('sees an event that became a dead letter fire, with what to read', async () => {
    braze.sandbox.addFaults([{ match: { externalId: 'u3' }, do: { status: 400, body: { message: 'no' } } }]);
    await send(3, 'u3');
    interface Firing {
      readonly state: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    }
    await vi.waitFor(async () => {
      const { alerts: found } = await prometheus.api<{ alerts: readonly Firing[] }>('alerts');
      const letters = found.filter(({ labels }) => labels.alertname === 'BrazierDeadLetters');
      expect(letters).toMatchObject([
        {
          state: 'firing',
          labels: { severity: 'warning', namespace: 'events', job: 'brazier-admin', destination: 'braze' },
          annotations: {
            summary: 'Events for braze became dead letters',
            runbook_url: 'docs/operate/alerts/BrazierDeadLetters.md',
          },
        },
      ]);
      expect(letters[0]?.annotations.description).toMatch(/^About \d/);
    }, SOON);
  });

  it('sees a destination that Braze refuses wait for its minute', async () => {
    braze.sandbox.addFaults([{ do: { status: 401 } }]);
    await send(1, 'u4');
    const pending = 'ALERTS{alertname="BrazierDestinationHalted", code="key_refused", severity="critical"}';
    await vi.waitFor(async () => expect(await prometheus.query(pending)).toHaveLength(1), SOON);
    const others = await prometheus.query('ALERTS{alertstate="firing", severity="critical"}');
    expect(others).toEqual([]);
  });
});

/** Panels, or parts of them, with nothing to show: no Kafka, and nothing that went wrong so far. */
const SILENT = [
  'Alert webhooks',
  'Commits',
  'Dead letters',
  'Dead letters written',
  'Detached',
  'Faults, in the last hour',
  'Filtered, by code',
  'Halted',
  'Handed back at a rebalance',
  'Lag',
  'Lag in time',
  'Left out, since Braze has it',
  'Messages written',
  'Partitions more than 30 s behind',
  'Partitions read',
  'Pauses after a 429',
  'Rebalances',
  'Rejected, by code',
  'Reused message ids',
  'Since the last progress',
  'Subscriptions: keys that are not the person',
  'Turned away, by code',
];
