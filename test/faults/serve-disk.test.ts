/** The real process on a disk whose syncs are slow, stall or fail: a library preloaded into it stands between. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, type ServerProcess, startProcess } from '../support/server-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'brazier-sync-'));
const library = join(folder, 'sync-fault.so');
const source = join(import.meta.dirname, '../support/sync-fault.c');
const compiled = spawnSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
const canPreload = process.platform === 'linux' && compiled.status === 0;
if (!canPreload)
  console.warn('skipped: no C compiler here, so no disk can be made slow (Linux with cc is needed)');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Rig {
  readonly url: string;
  readonly server: ServerProcess;
  /** From now on; an empty text is an ordinary disk. */
  readonly disk: (fault: string) => void;
  /** Syncs that were delayed so far. */
  readonly slowSyncs: () => number;
  readonly restart: () => Promise<void>;
  readonly delivered: () => string[];
  readonly post: (id: string) => Promise<Response>;
}

async function rig(): Promise<Rig> {
  const { sandbox, url, close } = await startSandbox();
  const { configFile, writeKey, remove } = makeFolder(url, { lingerMs: 10 });
  const faultFile = join(mkdtempSync(join(folder, 'fault-')), 'fault');
  const disk = (fault: string) => writeFileSync(faultFile, fault);
  const countFile = `${faultFile}.count`;
  disk('');
  writeFileSync(countFile, '');
  const env = { LD_PRELOAD: library, SYNC_FAULT_FILE: faultFile, SYNC_COUNT_FILE: countFile };
  const start = () => startProcess(['serve', '--config', configFile], env);
  const server = start();
  const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
  const { http } = await server.ready;
  cleanups.push(close, remove, () => server.kill('SIGKILL'));
  return {
    url: http,
    server,
    disk,
    slowSyncs: () => statSync(countFile).size,
    async restart() {
      const again = start();
      cleanups.push(() => again.kill('SIGKILL'));
      await again.ready;
    },
    delivered: () => sandbox.users().flatMap(({ events }) => events.map(({ name }) => String(name))),
    post: (id) =>
      fetch(`${http}/v1/track`, {
        method: 'POST',
        headers: { authorization },
        body: JSON.stringify({ userId: id, event: id, messageId: id }),
      }),
  };
}

const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe.skipIf(!canPreload)('a disk', () => {
  test('whose syncs take 300 ms makes groups larger, and blocks nothing but the answers that wait for it', async () => {
    const t = await rig();
    t.disk('delay 300');
    let answered = 0;
    const posts = ids('slow', 60).map((id) => t.post(id).finally(() => (answered += 1)));
    expect((await fetch(`${t.url}/health`)).status).toBe(200);
    expect(answered).toBe(0);
    const answers = await Promise.all(posts);
    expect(answers.map(({ status }) => status)).toEqual(Array(60).fill(200));
    // One for each event would be 60; what came during one sync is the next group.
    expect(t.slowSyncs()).toBeGreaterThan(0);
    expect(t.slowSyncs()).toBeLessThan(60);
    await vi.waitFor(() => expect(t.delivered().length).toBe(60), { timeout: 30_000 });
  });

  test('that stalls is answered with 429 in time, and doubles nothing when the sender comes again', async () => {
    const t = await rig();
    t.disk('delay 9000');
    const answer = await t.post('stalled');
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(2);
    t.disk('');
    await vi.waitFor(async () => expect((await t.post('stalled')).status).toBe(200), { timeout: 30_000 });
    await vi.waitFor(() => expect(t.delivered().length).toBeGreaterThan(0), { timeout: 30_000 });
    expect((await t.post('after')).status).toBe(200);
    await vi.waitFor(() => expect(t.delivered()).toContain('after'), { timeout: 30_000 });
    expect(t.delivered()).toEqual(['stalled', 'after']);
  });

  test('that fails to sync ends the process in one line; nothing more is acknowledged, nothing acknowledged is lost', async () => {
    const t = await rig();
    for (const id of ids('good', 5)) expect((await t.post(id)).status).toBe(200);
    t.disk('eio');
    const answer = await t.post('unsure').catch(() => undefined);
    expect(answer?.status).not.toBe(200);
    expect(await t.server.exited).toBe(1);
    expect(t.server.stderr()).toContain('stopped, nothing accepted is lost');
    expect(t.server.stderr()).not.toMatch(/^ {4}at /m);
    t.disk('');
    await t.restart();
    await vi.waitFor(() => expect(t.delivered()).toEqual(expect.arrayContaining(ids('good', 5))), {
      timeout: 30_000,
    });
  });
});
