/** The real process where it has too little of something: memory, time, file descriptors; and log lines from what was sent. */
import { spawnSync } from 'node:child_process';
import { Writable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { type Harness, PATIENT, underFire, WRITE_KEY } from '../support/harness.ts';
import { sqliteOptions } from '../support/log-harness.ts';
import { openInProcess } from '../support/log-store-client.ts';
import { vitalsOf } from '../support/process-judge.ts';
import { openRaw } from '../support/raw-socket.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const MIB = 2 ** 20;
const AUTHORIZATION = `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`;

/** A million where there is time for it; what is bounded shows with fewer as well. */
const BACKLOG = Number(process.env.BRAZIER_TEST_BACKLOG ?? 200_000);
const BACKLOG_PERSONS = 2_000;

test(`row 46: a backlog of ${BACKLOG} events is delivered in a heap of 256 MB, whole and once, while new ones are taken`, {
  timeout: 300_000,
}, async () => {
  const braze = await startSandbox({ keep: 0, rateLimit: 1_000_000 });
  const folder = makeFolder(braze.url);
  await fillLog(folder.data);
  const env = { NODE_OPTIONS: '--max-old-space-size=256' };
  const server = startProcess(['serve', '--config', folder.configFile], env);
  try {
    const { http, admin, pid } = await server.ready;
    const headers = { authorization: `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}` };
    const statuses = new Set<number>();
    const open = async () => {
      const body = JSON.stringify({ userId: 'new', event: 'New' });
      statuses.add((await fetch(`${http}/v1/track`, { method: 'POST', headers, body })).status);
      const text = await (await fetch(`${admin}/metrics`)).text();
      const of = (name: string) => Number(new RegExp(`^${name}{[^}]*} (\\d+)`, 'm').exec(text)?.[1]);
      return of('brazier_backlog_events') + of('brazier_events_in_flight');
    };
    await vi.waitFor(async () => expect(await open()).toBeLessThan(10), { timeout: 240_000, interval: 200 });
    const { peakBytes } = vitalsOf(pid);
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    const delivered = braze.sandbox
      .users()
      .filter(({ external_id }) => external_id !== 'new')
      .map(({ events }) => events.length);
    console.log(`row 46: ${BACKLOG} events, at most ${Math.round(peakBytes / MIB)} MB, new ones:`, [
      ...statuses,
    ]);
    expect(delivered).toEqual(Array(BACKLOG_PERSONS).fill(BACKLOG / BACKLOG_PERSONS));
    for (const status of statuses) expect([200, 429, 503]).toContain(status);
    expect(peakBytes).toBeLessThan(448 * MIB);
  } finally {
    server.kill('SIGKILL');
    await server.exited;
    await braze.close();
    folder.remove();
  }
});

async function fillLog(path: string): Promise<void> {
  const { log } = openInProcess(sqliteOptions(path));
  await log.attach([{ group: 'braze', start: 'beginning' }]);
  const headers = { source: 'shop', receivedAt: '2026-01-02T03:04:05.678Z' };
  const timestamp = Date.now();
  for (let from = 0; from < BACKLOG; from += 5_000) {
    const records = Array.from({ length: 5_000 }, (_, index) => {
      const userId = `u${(from + index) % BACKLOG_PERSONS}`;
      const value = Buffer.from(JSON.stringify({ type: 'track', userId, event: 'Step' }));
      return { key: userId, value, headers, timestamp };
    });
    await log.append(EVENTS_TOPIC, records);
  }
  await log.close();
}

test('row 47: an event loop that stood for 3 s is told in the log, and nothing is lost of it', {
  timeout: 300_000,
}, async () => {
  await underFire({ load: { batchesPerLane: Number.POSITIVE_INFINITY } }, async (harness) => {
    const { producer, server, ready } = harness;
    await vi.waitFor(() => expect(producer.acknowledged.size).toBeGreaterThan(100), PATIENT);
    const before = producer.acknowledged.size;
    // As a transformer that does not end would: nothing of the process runs.
    process.kill(ready.pid, 'SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    process.kill(ready.pid, 'SIGCONT');
    await vi.waitFor(
      () => expect(server.stderr()).toMatch(/event loop was blocked.*"blockedMs":[2-9]\d{3}/),
      PATIENT,
    );
    await vi.waitFor(() => expect(producer.acknowledged.size).toBeGreaterThan(before), PATIENT);
    await producer.stop();
  });
});

/** What would make a line two, colour a terminal, or have a reader of logs load something. */
const INJECTION = '\n{"level":"error"}\r\n\u001b[31m\u2028$' + '{jndi:ldap://127.0.0.1/a}';

test('row 49: whatever senders and Braze put into texts, each log line is one object of JSON and of bounded length', {
  timeout: 300_000,
}, async () => {
  await underFire({ load: false }, async (harness) => {
    const { sandbox, ready, server } = harness;
    const raw = async (text: string) => {
      const { socket, received, closed } = await openRaw(ready.http);
      socket.write(text);
      await closed;
      return received().split('\r\n')[0];
    };
    const head = `POST /v1/batch HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${AUTHORIZATION}\r\n`;
    const agent = `User-Agent: \u001b[31m\${jndi:ldap://127.0.0.1/a}`;
    expect(await raw(`${head}${agent}\r\nContent-Length: 1\r\n\r\n{`)).toContain('400');
    expect(await raw(`${head}User-Agent: ${'x'.repeat(MIB)}\r\nContent-Length: 1\r\n\r\n{`)).toContain('431');
    expect(await raw(`GET /%0a%1b[31m HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toContain('404');
    const body = { message: INJECTION, errors: [INJECTION.repeat(5_000)] };
    for (const status of [500, 400]) {
      sandbox.addFaults([{ match: { path: '/users/track' }, times: 1, do: { status, body } }]);
      const before = sandbox.requests().length;
      await harness.produce(`status-${status}`);
      // Together in one request, the second fault would be taken for the first one's, and halving would mend it.
      await vi.waitFor(() => expect(sandbox.requests().length).toBeGreaterThan(before), PATIENT);
    }
    await vi.waitFor(() => expect(server.stderr()).toContain('dead letter'), PATIENT);
    const lines = server.stderr().trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ service: 'brazier' });
      expect(line.length).toBeLessThan(40_000);
    }
    expect(server.stderr()).not.toContain('\u001b');
  });
});

test('row 49: a text of 1 MB that holds everything becomes one line that was cut', () => {
  let written = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += chunk;
      done();
    },
  });
  const long = INJECTION.repeat(MIB / INJECTION.length);
  createLogger({ level: 'info', stream }).error(long, { [INJECTION]: long, err: new Error(long) });
  expect(written.endsWith('\n')).toBe(true);
  for (const mark of ['\n', '\r', '\u001b']) expect(written.slice(0, -1)).not.toContain(mark);
  expect(Buffer.byteLength(written)).toBeLessThan(120_000);
  expect(JSON.parse(written)).toMatchObject({ level: 'error', service: 'brazier' });
});

const canLimit = spawnSync('prlimit', ['--version']).status === 0;
if (!canLimit) console.warn('left out: no prlimit here, so no process can be short of file descriptors');

test.skipIf(!canLimit)(
  'row 51: without a file descriptor to spare it lives, loses nothing, and takes connections again',
  {
    timeout: 300_000,
  },
  async () => {
    await underFire({ load: { batchesPerLane: Number.POSITIVE_INFINITY } }, async (harness) => {
      const { producer, ready, server } = harness;
      await vi.waitFor(() => expect(producer.acknowledged.size).toBeGreaterThan(100), PATIENT);
      const limit = (files: number) =>
        expect(spawnSync('prlimit', ['--pid', `${ready.pid}`, `--nofile=${files}:`]).status).toBe(0);
      limit(vitalsOf(ready.pid).openFiles + 8);
      const sockets = await Promise.all(Array.from({ length: 100 }, () => openRaw(ready.http)));
      await refusals(harness);
      for (const { socket } of sockets) socket.destroy();
      const before = producer.acknowledged.size;
      await vi.waitFor(() => expect(producer.acknowledged.size).toBeGreaterThan(before + 100), PATIENT);
      expect(server.stderr()).not.toContain('crashed');
      await producer.stop();
    });
  },
);

/** Some of what came could not be accepted: the process has as many files open as it may. */
async function refusals({ ready }: Harness): Promise<void> {
  const { closed } = await openRaw(ready.http);
  await closed;
}
