/** Stopping: what is under way ends, what cannot end stays in the log, and the deadline holds whoever hangs. */
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type App, startApp } from '../../src/app.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createDestination } from '../../src/destination.ts';
import { LogError } from '../../src/log/log.ts';
import { createMemoryLog } from '../../src/log/memory-log.ts';
import { createMemoryState } from '../../src/log/memory-state.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const logger = createLogger({ level: 'error', stream: new Writable({ write: (_chunk, _, done) => done() }) });

/** A sandbox, a folder that points to it, and an app that can be started on it more than once. */
async function rig(
  sandboxOptions: Parameters<typeof startSandbox>[0],
  destination: Record<string, unknown> = {},
) {
  const { sandbox, url, close } = await startSandbox({ rateLimit: 1_000_000, ...sandboxOptions });
  const folder = makeFolder(url, { lingerMs: 5, ...destination });
  const fatal: Error[] = [];
  cleanups.push(folder.remove, close);
  return { sandbox, folder, fatal, start, config: configOf(folder.configFile) };

  async function start(): Promise<App> {
    const config = configOf(folder.configFile);
    const app = await startApp({ config, logger, onFatal: (error) => fatal.push(error) });
    cleanups.push(() => app.stop(AbortSignal.abort()));
    return app;
  }
}

function configOf(file: string): Config {
  const loaded = loadConfig(file, {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** The machine may be busy with other tests. */
const patient = { timeout: 60_000 };

const AUTHORIZATION = `Basic ${Buffer.from('test-write-key:').toString('base64')}`;

async function post({ http }: App, count: number, event = 'Step') {
  const batch = Array.from({ length: count }, (_, index) => ({ type: 'track', userId: `u${index}`, event }));
  const url = `http://${http!.host}:${http!.port}/v1/batch`;
  const reply = await fetch(url, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION },
    body: JSON.stringify({ batch }),
  });
  expect(reply.status).toBe(200);
  await reply.text();
}

/** How many objects Braze took for each person. */
const eventsOf = (sandbox: Awaited<ReturnType<typeof rig>>['sandbox']) =>
  sandbox.users().map(({ events }) => events.length);

describe('stop', () => {
  it('row 10: ends what is under way and sends nothing of it again after the next start', async () => {
    const t = await rig({ latencyMs: 150 }, { concurrency: { start: 2, max: 2 } });
    const first = await t.start();
    await post(first, 1_000);
    await vi.waitFor(() => expect(t.sandbox.requests().length).toBeGreaterThan(2), patient);
    await first.stop(AbortSignal.timeout(5_000));
    expect(eventsOf(t.sandbox).length).toBeLessThan(1_000);
    const second = await t.start();
    await vi.waitFor(() => expect(eventsOf(t.sandbox).length).toBe(1_000), patient);
    await second.stop(AbortSignal.timeout(5_000));
    expect(eventsOf(t.sandbox).every((count) => count === 1)).toBe(true);
    expect(t.fatal).toEqual([]);
  });

  it('row 10: ends what is under way also while a sender trickles its body', async () => {
    const t = await rig({ latencyMs: 300 }, { concurrency: { start: 1, max: 1 } });
    const first = await t.start();
    const slow = connect(first.http!.port, first.http!.host);
    cleanups.push(() => slow.destroy());
    slow.on('error', () => undefined);
    slow.write(
      `POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: ${AUTHORIZATION}\r\nContent-Length: 99\r\n\r\n{`,
    );
    await post(first, 1_000);
    await vi.waitFor(() => expect(t.sandbox.requests().length).toBeGreaterThan(1), patient);
    await first.stop(AbortSignal.timeout(2_500));
    const second = await t.start();
    await vi.waitFor(() => expect(eventsOf(t.sandbox).length).toBe(1_000), patient);
    await second.stop(AbortSignal.timeout(5_000));
    expect(eventsOf(t.sandbox).every((count) => count === 1)).toBe(true);
  });

  it.each([
    ['hangs', { hang: true }],
    ['fails', { status: 500 }],
    ['refuses the key', { status: 401 }],
  ])('row 11: ends within the deadline while Braze %s, and loses nothing', async (_, fault) => {
    const t = await rig({});
    t.sandbox.addFaults([{ match: {}, do: fault }]);
    const first = await t.start();
    await post(first, 100);
    await vi.waitFor(() => expect(t.sandbox.requests().length).toBeGreaterThan(0), patient);
    const begun = performance.now();
    await first.stop(AbortSignal.timeout(300));
    expect(performance.now() - begun).toBeLessThan(5_000);
    t.sandbox.clearFaults();
    await t.start();
    await vi.waitFor(() => expect(eventsOf(t.sandbox).length).toBe(100), patient);
    expect(t.fatal).toEqual([]);
  });

  it('is clean under a load of events that need no delivery', async () => {
    const t = await rig({});
    const first = await t.start();
    const batch = Array.from({ length: 2_000 }, (_, index) => ({
      type: 'track',
      userId: `u${index}`,
      event: 'e',
      integrations: { All: false },
    }));
    for (let turn = 0; turn < 3; turn += 1) {
      await fetch(`http://${first.http!.host}:${first.http!.port}/v1/batch`, {
        method: 'POST',
        headers: { authorization: AUTHORIZATION },
        body: JSON.stringify({ batch }),
      });
    }
    await first.stop(AbortSignal.timeout(5_000));
    expect(t.fatal).toEqual([]);
  });
});

describe('stop while the disk is full', () => {
  async function onFullDisk() {
    const t = await rig({});
    const state = createMemoryState();
    const log = createMemoryLog({ state });
    let isFull = true;
    const commit = log.commit.bind(log);
    const commits: number[] = [];
    log.commit = async (...progress) => {
      commits.push(progress[3].watermark);
      if (isFull) throw new LogError('disk_full', 'no space left');
      return commit(...progress);
    };
    const [destination] = t.config.destinations;
    await log.attach([{ group: 'braze', start: 'beginning' }]);
    const built = createDestination({
      destination: destination!,
      sources: t.config.sources,
      log,
      dataPath: t.config.log.path,
      logger,
      metrics: createMetrics({ version: 'test' }, { processMetrics: false }),
      onFatal: (error) => t.fatal.push(error),
    });
    const headers = { source: 'shop', receivedAt: '2026-11-22T12:00:00.000Z' };
    const event = (name: string, more: object) =>
      Buffer.from(JSON.stringify({ type: 'track', userId: 'kim', event: name, ...more }));
    const record = (value: Buffer) => ({ key: 'kim', value, headers, timestamp: 0 });
    await log.append(EVENTS_TOPIC, [
      record(event('Wanted', {})),
      record(event('Unwanted', { integrations: { All: false } })),
    ]);
    built.start();
    await vi.waitFor(() => expect(t.sandbox.requests().length).toBe(1), patient);
    await vi.waitFor(() => expect(commits.length).toBeGreaterThan(0), patient);
    return { ...t, built, state, makeRoom: () => (isFull = false) };
  }

  it('row 6: waits for room until the deadline: what was delivered is not sent again', async () => {
    const t = await onFullDisk();
    const stopped = t.built.drain(AbortSignal.timeout(10_000));
    t.makeRoom();
    await stopped;
    expect(t.state.progress.get('braze')).toEqual({ watermark: 2, settled: [] });
    expect(t.fatal).toEqual([]);
  });

  it('row 6: ends at the deadline when there is no room, and calls that no fault', async () => {
    const t = await onFullDisk();
    await t.built.drain(AbortSignal.timeout(100));
    expect(t.state.progress.get('braze')).toEqual({ watermark: 0, settled: [] });
    expect(t.fatal).toEqual([]);
  });
});
