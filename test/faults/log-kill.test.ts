/** SIGKILL in the middle of appends: whatever was acknowledged is there afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import { readTexts, record, sqliteOptions } from '../support/log-harness.ts';
import { openInProcess } from '../support/log-store-client.ts';

const CHILD = fileURLToPath(new URL('../support/log-child.ts', import.meta.url));
/** Acknowledgements after which each run is killed: fixed, so that a failure can be repeated. */
const KILLED_AFTER = [1, 137, 1500];

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'brazier-kill-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

/** Runs a child until it has acknowledged `count` records, kills it, and returns all that it acknowledged. */
async function runAndKill(count: number, round: number): Promise<string[]> {
  const child: ChildProcess = spawn(process.execPath, [CHILD, path, `${round}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout! })) {
    acknowledged.push(line);
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  expect((await ended)[1]).toBe('SIGKILL');
  return acknowledged;
}

it('row 1: keeps every acknowledged record, its order and its id, when the process is killed', async () => {
  const acknowledged: string[] = [];
  for (const [run, count] of KILLED_AFTER.entries())
    acknowledged.push(...(await runAndKill(count, run * 1e6)));
  const { log } = openInProcess(sqliteOptions(path));
  await log.attach([{ group: 'a', start: 'end' }]);
  const ids = (await readTexts(log, 'a', log.backlog('a'))).map((text) => JSON.parse(text).id as string);
  const held = new Set(ids);
  expect(acknowledged.filter((id) => !held.has(id))).toEqual([]);
  expect(held.size).toBe(ids.length);
  for (let writer = 0; writer < 8; writer += 1) {
    const rounds = ids.filter((id) => id.startsWith(`${writer}.`)).map((id) => Number(id.split('.')[1]));
    expect(rounds).toEqual(rounds.toSorted((a, b) => a - b));
  }
  const again = acknowledged.slice(0, 500).map((id) => record(id, { guardId: id }));
  expect((await log.append(EVENTS_TOPIC, again)).duplicates).toHaveLength(again.length);
  await log.close();
});
