import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createSlot, type Slot } from '../../../src/app/slot.ts';
import type { Config } from '../../../src/config/config.ts';
import { loadFiles } from '../../../src/config/load.ts';
import type { EventLog, Member } from '../../../src/log/log.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import { EVENTS_TOPIC } from '../../../src/model/record.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics.ts';
import { type RunningSandbox, startSandbox } from '../../support/sandbox.ts';

let sandbox: RunningSandbox;
let folder: string;
let metrics: Metrics;
let log: EventLog;
let member: Member;
let slot: Slot;

/** A log that deals its partitions when the test says so. */
function dealtLog(): EventLog {
  return Object.assign(createMemoryLog(), {
    join(_group: string, joined: Member) {
      member = joined;
      return { leave: async () => undefined };
    },
  });
}

beforeEach(async () => {
  sandbox = await startSandbox({ keep: 1000 });
  folder = mkdtempSync(join(tmpdir(), 'brazier-slot-'));
  const config = configOf(folder, sandbox.url);
  metrics = createMetrics({ version: 'test' });
  log = dealtLog();
  await log.attach([{ group: 'braze', start: 'beginning' }]);
  const onFatal = (error: Error) => expect.unreachable(error.message);
  const logger = createLogger({ level: 'error' });
  const [destination] = config.destinations;
  const first = { config: destination!, sources: config.sources, isDetached: false };
  slot = createSlot(first, { log, dataPath: null, metrics, logger, onFatal });
  slot.begin();
});

afterEach(async () => {
  await slot.abort();
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

function configOf(path: string, restEndpoint: string): Config {
  const file = join(path, 'brazier.yaml');
  const written = {
    sources: [{ id: 'shop', writeKey: 'w' }],
    log: { path: join(path, 'data') },
    destinations: [{ id: 'braze', restEndpoint, restApiKey: 'canary-rest-key' }],
  };
  writeFileSync(file, JSON.stringify(written));
  const loaded = loadFiles({ config: file }, {});
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

async function append(...names: string[]): Promise<void> {
  const headers = { source: 'shop', receivedAt: '2026-01-01T00:00:00.000Z' };
  const records = names.map((event) => {
    const value = Buffer.from(JSON.stringify({ type: 'track', messageId: event, userId: 'u', event }));
    return { key: 'external_id:u', value, headers, timestamp: Date.now() };
  });
  await log.append(EVENTS_TOPIC, records);
}

/** Names of the events that Braze took, in order. */
function taken(): unknown[] {
  return sandbox.sandbox
    .requests()
    .flatMap(({ body }) => (body as { events?: { name: string }[] }).events ?? [])
    .map(({ name }) => name);
}

const soon = { timeout: 60_000, interval: 10 };

it('sends nothing before it is assigned something', async () => {
  await append('one');
  expect(slot.state()).toMatchObject({ state: 'running', inFlight: 0 });
  member.assign(0.5);
  await vi.waitFor(() => expect(taken()).toEqual(['one']), soon);
});

it('goes on after a revoke from what is settled, with nothing sent twice and nothing in flight between', async () => {
  member.assign(0.5);
  await append('one', 'two');
  await vi.waitFor(() => expect(taken()).toEqual(['one', 'two']), soon);
  await member.revoke(AbortSignal.timeout(5_000));
  await append('three');
  expect(slot.state()).toMatchObject({ state: 'running', inFlight: 0, requestsRunning: 0 });
  member.assign(1);
  await vi.waitFor(() => expect(taken()).toEqual(['one', 'two', 'three']), soon);
});

it('what a revoke leaves unsettled is handed back, and read again by the next assignment', async () => {
  sandbox.sandbox.addFaults([{ times: 1, do: { status: 500, delayMs: 200 } }]);
  member.assign(1);
  await append('one');
  await vi.waitFor(() => expect(slot.state().requestsRunning).toBe(1), soon);
  await member.revoke(AbortSignal.abort());
  expect(await metrics.eventsHandedBack.get()).toMatchObject({ values: [{ value: 1 }] });
  expect(slot.state().inFlight).toBe(0);
  member.assign(1);
  await vi.waitFor(() => expect(taken()).toContain('one'), soon);
});

it('a change of settings while nothing is assigned counts with the next assignment', async () => {
  await append('one');
  const moved = await startSandbox({ keep: 10 });
  const [destination] = configOf(folder, moved.url).destinations;
  await slot.adopt(
    destination!,
    [{ id: 'shop', writeKeys: ['w'], enabled: true, destinations: null }],
    AbortSignal.timeout(5_000),
  );
  member.assign(0.25);
  await vi.waitFor(() => expect(moved.sandbox.requests().length).toBe(1), soon);
  expect(taken()).toEqual([]);
  await moved.close();
});

it('a deal that comes after a drain leaves one run: who reopens keeps it, who lets go ends it', async () => {
  await append('one');
  member.assign(0.5);
  await vi.waitFor(() => expect(taken()).toEqual(['one']), soon);
  await slot.drain(AbortSignal.timeout(5_000));
  await member.revoke(AbortSignal.timeout(5_000));
  const read = vi.spyOn(log, 'read');
  member.assign(0.5);
  slot.reopen();
  await append('two');
  await vi.waitFor(() => expect(taken()).toEqual(['one', 'two']), soon);
  expect(read).toHaveBeenCalledTimes(1);
  slot.letGo(0);
  expect(read.mock.calls[0]?.[2].aborted).toBe(true);
});

it('a drain ends what the log dealt while it waited', async () => {
  member.assign(0.5);
  const drained = slot.drain(AbortSignal.timeout(5_000));
  await member.revoke(AbortSignal.abort());
  const read = vi.spyOn(log, 'read');
  member.assign(0.5);
  await vi.waitFor(() => expect(read).toHaveBeenCalled(), soon);
  await drained;
  expect(read.mock.calls[0]?.[2].aborted).toBe(true);
});
