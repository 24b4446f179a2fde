import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openDestinations } from '../../../src/app/destinations.ts';
import { loadFiles } from '../../../src/config/load.ts';
import { type EventLog, LogError, type Member } from '../../../src/log/log.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import { EVENTS_TOPIC } from '../../../src/model/record.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { startSandbox } from '../../support/sandbox.ts';

interface Rig {
  readonly url: string;
  readonly log: EventLog;
  readonly onTestFinished: (end: () => Promise<void>) => void;
  /** Over the test's own settings. */
  readonly destination?: object;
}

async function open({ url, log, onTestFinished, destination = {} }: Rig) {
  const folder = mkdtempSync(join(tmpdir(), 'brazier-destinations-'));
  const config = join(folder, 'brazier.yaml');
  const written = {
    sources: [{ id: 'shop', writeKey: 'write-key' }],
    log: { path: join(folder, 'data') },
    destinations: [{ id: 'braze', restEndpoint: url, restApiKey: 'rest-key', lingerMs: 0, ...destination }],
  };
  writeFileSync(config, JSON.stringify(written));
  const loaded = loadFiles({ config }, {});
  if (!loaded.ok) throw new Error('the configuration of the test is wrong');
  const destinations = await openDestinations(
    { ...loaded.config, placed: [] },
    {
      log,
      dataPath: null,
      metrics: createMetrics({ version: 'test' }, { processMetrics: false }),
      logger: createLogger({ level: 'error' }),
      onFatal: (error) => expect.unreachable(error.message),
    },
  );
  onTestFinished(async () => {
    await destinations.abort();
    rmSync(folder, { recursive: true });
  });
  return destinations;
}

async function append(log: EventLog, people: readonly string[] = ['kim']): Promise<void> {
  const headers = { source: 'shop', receivedAt: new Date().toISOString() };
  const records = people.map((userId) => {
    const value = Buffer.from(JSON.stringify({ type: 'track', userId, event: 'e', messageId: userId }));
    return { key: userId, value, headers, timestamp: Date.now() };
  });
  await log.append(EVENTS_TOPIC, records);
}

it('one request that fails for its own sake stops nobody, though no other may be under way with it', async ({
  onTestFinished,
}) => {
  const { sandbox, url, close } = await startSandbox();
  onTestFinished(close);
  const log = createMemoryLog();
  const destination = { start: 'beginning', concurrency: { start: 1, max: 1 } };
  const destinations = await open({ url, log, onTestFinished, destination });
  sandbox.addFaults([{ match: { externalId: 'sick' }, do: { status: 500 } }]);
  const well = Array.from({ length: 225 }, (_, index) => `well-${index}`);
  await append(log, ['sick', ...well]);
  destinations.start();
  // The sick one's request has 74 of the others; those behind it go beside it, one request a second.
  await vi.waitFor(() => expect(sandbox.users().length).toBe(225 - 74), { timeout: 60_000 });
});

it('a log that lets go of no destination says so, and what is under way goes on', async ({
  onTestFinished,
}) => {
  const { sandbox, url, close } = await startSandbox();
  onTestFinished(close);
  const unsupported = new LogError('log_unsupported', 'not here');
  const log = Object.assign(createMemoryLog(), {
    detaches: false,
    detach: () => Promise.reject(unsupported),
  });
  const destinations = await open({ url, log, onTestFinished });
  sandbox.addFaults([{ times: 1, do: { hang: true } }]);
  destinations.start();
  await append(log);
  await vi.waitFor(() => expect(destinations.states()).toMatchObject([{ requestsRunning: 1 }]), {
    timeout: 60_000,
  });
  await expect(destinations.detach('braze')).rejects.toBe(unsupported);
  expect(destinations.states()).toMatchObject([{ state: 'running', requestsRunning: 1 }]);
});

it('a drain does not wait for commits that nobody answers: behind its deadline the group is left, which ends them', async ({
  onTestFinished,
}) => {
  const { url, close } = await startSandbox();
  onTestFinished(close);
  const memory = createMemoryLog();
  const left = Promise.withResolvers<void>();
  const commit = vi.fn(() => left.promise);
  const log = Object.assign(memory, {
    commit,
    join(_group: string, member: Member) {
      member.assign(1);
      return { leave: async () => left.resolve() };
    },
  });
  const destinations = await open({ url, log, onTestFinished });
  destinations.start();
  await append(log);
  await vi.waitFor(() => expect(commit).toHaveBeenCalled(), { timeout: 60_000 });
  const began = performance.now();
  await destinations.drain(AbortSignal.timeout(100));
  expect(performance.now() - began).toBeLessThan(5_000);
});

it('a drain does not wait for notes of requests that nobody takes: behind its deadline it ends', async ({
  onTestFinished,
}) => {
  const { sandbox, url, close } = await startSandbox();
  onTestFinished(close);
  const memory = createMemoryLog();
  const ended = vi.fn();
  const log = Object.assign(memory, {
    note: vi.fn((_group: string, { ended: ends }: { ended?: readonly unknown[] }) => {
      if (ends === undefined) return Promise.resolve();
      ended();
      return new Promise<void>(() => undefined);
    }),
  });
  const destinations = await open({ url, log, onTestFinished });
  sandbox.addFaults([{ do: { status: 500 } }]);
  destinations.start();
  await append(log);
  await vi.waitFor(() => expect(sandbox.requests().length).toBeGreaterThan(0), { timeout: 60_000 });
  await destinations.drain(AbortSignal.timeout(300));
  expect(ended).toHaveBeenCalledOnce();
});
