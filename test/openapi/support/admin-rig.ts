/** A real admin server over a log in memory that holds an event, a request in doubt and dead letters. */
import { onTestFinished } from 'vitest';
import { type AdminOptions, createAdminServer } from '../../../src/admin/server.ts';
import { letterOf } from '../../../src/dead-letters/letter.ts';
import { createResend } from '../../../src/dead-letters/resend.ts';
import { createDeadLetters } from '../../../src/dead-letters/store.ts';
import { createExplain } from '../../../src/explain/explain.ts';
import { createPlanner } from '../../../src/explain/planner.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import { rejected } from '../../../src/model/outcome.ts';
import { EVENTS_TOPIC } from '../../../src/model/record.ts';
import type { LogLevel } from '../../../src/telemetry/logger.ts';

export const TOKEN = 'a-token-for-tests';
const NOW = Date.UTC(2026, 2, 1, 12);
const headers = { source: 'shop', receivedAt: new Date(NOW).toISOString(), sentAt: 'yesterday' };
const refused = rejected('refused', 'braze_refused', 'no', [
  { path: 'properties.price', message: 'no price' },
]);

const value = Buffer.from(
  JSON.stringify({
    type: 'track',
    userId: 'u1',
    event: 'Lamp Lit',
    messageId: 'm1',
    traits: { gender: 'perhaps' },
    properties: { lumen: 800 },
  }),
);
const record = { key: 'external_id:u1', value, headers, timestamp: NOW };

async function filledLog() {
  const log = createMemoryLog({ now: () => NOW });
  await log.attach([{ group: 'braze', start: 'beginning' }]);
  const letters = [17, 18, 19].map((offset) =>
    letterOf(
      { destination: 'braze', topic: EVENTS_TOPIC, partition: 0, offset, record },
      refused,
      [{ part: 'event:0', outcome: refused }],
      NOW - 1_000,
    ),
  );
  const delivery = {
    attempts: 2,
    firstAttemptAt: NOW - 2_000,
    lastAttemptAt: NOW - 1_000,
    endpoint: '/users/track',
    objects: 3,
    status: null,
    reply: '',
  };
  const sent = letters.map((letter, index) => (index === 0 ? { ...letter, delivery } : letter));
  const turnedAway = { ...sent[1], id: 'ingest/x', destination: null, position: null, undelivered: null };
  await log.append(EVENTS_TOPIC, [record], [...sent, turnedAway as (typeof sent)[number]]);
  const operations = [{ offset: 0, part: 'event:0' }];
  const begun = [{ id: 1, at: NOW, endpoint: '/users/track', topic: EVENTS_TOPIC, partition: 0, operations }];
  await log.note('braze', { begun });
  const attempt = { at: NOW, durationMs: 12.5, status: null, what: 'timeout', objects: 1 };
  await log.note('braze', { ended: [{ id: 1, doubtful: true, attempts: [attempt], attemptCount: 1 }] });
  return log;
}

/** What the server is made of; `change` puts something else in its place. */
export async function adminOptions(change: Partial<AdminOptions> = {}): Promise<AdminOptions> {
  const log = await filledLog();
  const planner = createPlanner({ id: 'braze', settings: {} }, [{ id: 'shop', destinations: null }]);
  let level: LogLevel = 'info';
  return {
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'up 1\n' }),
    notReady: async () => [],
    destinations: {
      list: async () => [
        {
          id: 'braze',
          state: 'halted',
          halted: { code: 'unauthorized', message: 'no' },
          backlog: 1,
          inFlight: 2,
          parked: 0,
          requestsRunning: 1,
          unsettled: 3,
          heldBytes: 4,
          oldestAgeSeconds: null,
        },
      ],
      detach: async (id) => (id === 'braze' ? { ok: true, id, events: 3 } : { ok: false, reason: 'unknown' }),
      attach: async (id) => ({ ok: false, reason: id === 'braze' ? 'already' : 'unknown' }),
    },
    destinationIds: () => ['braze'],
    deadLetters: createDeadLetters({ log, now: () => NOW, destinations: ['braze'] }),
    resend: createResend({ log, now: () => NOW, connected: () => true }),
    explain: createExplain({ log, planners: () => [planner], haltOf: () => 'unauthorized' }),
    logLevel: {
      get: () => level,
      set: (next) => {
        level = next;
      },
    },
    backup: { copy: async () => ({ path: '/var/lib/brazier/backup-1.db', bytes: 4096 }) },
    onError: () => {},
    ...change,
  };
}

export interface AdminAnswer {
  readonly status: number;
  /** Without parameters. */
  readonly type: string;
  readonly body: unknown;
  readonly headers: Headers;
}

export type Ask = (method: string, path: string, init?: Omit<RequestInit, 'method'>) => Promise<AdminAnswer>;

/** Asks with the token, unless other headers are given. */
export async function startAdmin(change: Partial<AdminOptions> = {}): Promise<Ask> {
  const server = createAdminServer(await adminOptions(change));
  const { host, port } = await server.listen();
  onTestFinished(() => server.close());
  return async (method, path, init = {}) => {
    const reply = await fetch(`http://${host}:${port}${path}`, {
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...init,
      method: method.toUpperCase(),
    });
    const type = reply.headers.get('content-type')?.split(';')[0] ?? '';
    const text = await reply.text();
    return {
      status: reply.status,
      type,
      body: type === 'application/json' ? JSON.parse(text) : text,
      headers: reply.headers,
    };
  };
}
