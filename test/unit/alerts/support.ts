/** What the tests of the alerts share: settings with short times, signs of a healthy process, and a receiver. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Alert } from '../../../src/alerts/alert.ts';
import { keyOf } from '../../../src/alerts/alert.ts';
import type { DestinationSigns } from '../../../src/alerts/signs.ts';
import type { Teller } from '../../../src/alerts/teller.ts';
import type { AlertsConfig, WebhookConfig } from '../../../src/config/alerts-settings.ts';

export const MINUTE = 60_000;

/** The defaults of the configuration. */
export const CONFIG: AlertsConfig = {
  name: 'brazier',
  runbookBaseUrl: null,
  webhooks: [],
  holdMs: MINUTE,
  nothingDeliveredMs: 15 * MINUTE,
  deadLetters: 1,
  deadLettersWindowMs: 30 * MINUTE,
  diskFreeRatio: 0.05,
  resolveAfterMs: 2 * MINUTE,
  repeatMs: 240 * MINUTE,
  maxPerHour: 30,
};

export const TELLER: Teller = {
  name: 'brazier',
  instance: 'host-1',
  role: 'all',
  version: '1.2.3',
  runbooks: 'https://wiki.example.com/alerts/',
};

export const HALTED: Alert = {
  name: 'BrazierDestinationHalted',
  severity: 'critical',
  destination: 'braze',
  code: 'key_refused',
  summary: 'Braze takes nothing for braze',
  since: 1_000,
};

export const firingOf = (...alerts: readonly Alert[]): ReadonlyMap<string, Alert> =>
  new Map(alerts.map((alert) => [keyOf(alert), alert]));

export function destination(signs: Partial<DestinationSigns> = {}): DestinationSigns {
  return {
    id: 'braze',
    halted: null,
    isDetached: false,
    waiting: 0,
    arrived: 0,
    settled: 0,
    rejected: 0,
    ...signs,
  };
}

export function webhook(url: string, more: Partial<WebhookConfig> = {}): WebhookConfig {
  return {
    id: 'ops',
    form: 'json',
    minSeverity: 'warning',
    readUrl: () => url,
    readAuthorization: null,
    readSigningKey: null,
    ...more,
  };
}

export interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What it answers; a status alone, or with headers. `null`: nothing, for as long as the sender waits. */
export type Answering = { readonly status: number; readonly headers?: Record<string, string> } | null;

/** A webhook on a free loopback port that keeps what it got and answers as it is told. */
export async function startReceiver() {
  const received: Received[] = [];
  let answer: (request: Received) => Answering = () => ({ status: 200 });
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const request = {
        url: req.url ?? '',
        headers: req.headers,
        text: Buffer.concat(chunks).toString(),
      };
      received.push(request);
      const given = answer(request);
      if (given) res.writeHead(given.status, given.headers).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    bodies: () => received.map(({ text }) => JSON.parse(text)),
    answer(next: typeof answer) {
      answer = next;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
