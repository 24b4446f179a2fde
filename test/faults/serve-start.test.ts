/** Starts that cannot be: one clear line that names the thing and what to do, no stack trace, an exit code that is not 0. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeFolder, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function folderWith(more: Record<string, unknown> = {}) {
  const folder = makeFolder('http://127.0.0.1:9', {}, more);
  cleanups.push(folder.remove);
  return folder;
}

/** Starts it, waits for its end, and checks what every failed start has in common. */
async function failedStart(configFile: string): Promise<{ code: number | string; line: string }> {
  const server = startProcess(['serve', '--config', configFile]);
  cleanups.push(() => server.kill('SIGKILL'));
  const code = await server.exited;
  expect(code).not.toBe(0);
  expect(server.stdout()).toBe('');
  const lines = server.stderr().trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/\bat .*:\d+:\d+|unexpected error/);
  return { code, line: String(lines[0]) };
}

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

describe('a start that cannot be', () => {
  it.each(['http', 'admin'])('names the %s port that is taken, and the key to change', async (which) => {
    const port = await takenPort();
    const { code, line } = await failedStart(folderWith({ [which]: { port } }).configFile);
    expect(code).toBe(1);
    expect(line).toContain(String(port));
    expect(line).toContain(`${which}.port`);
  });

  it('row 8: names the data folder that cannot be written', async () => {
    const folder = folderWith();
    writeFileSync(join(folder.data, '..', 'file'), '');
    const path = join(folder.data, '..', 'file', 'data');
    const text = readFileSync(folder.configFile, 'utf8');
    writeFileSync(folder.configFile, text.replace(folder.data, path));
    expect((await failedStart(folder.configFile)).line).toContain(path);
  });

  it('row 9: names the folder that another process has', async () => {
    const folder = folderWith();
    const first = startProcess(['serve', '--config', folder.configFile]);
    cleanups.push(async () => {
      first.kill('SIGTERM');
      expect(await first.exited).toBe(0);
    });
    await first.ready;
    expect((await failedStart(folder.configFile)).line).toContain(folder.data);
  });

  it('row 3: names the store that is no store', async () => {
    const folder = folderWith();
    const first = startProcess(['serve', '--config', folder.configFile]);
    await first.ready;
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    writeFileSync(join(folder.data, 'brazier.db'), 'no database'.repeat(1_000));
    expect((await failedStart(folder.configFile)).line).toContain(folder.data);
  });

  it('names file, line, path and what was expected of a bad configuration, with exit code 2', async () => {
    const folder = folderWith({ sorces: [] });
    const { code, line } = await failedStart(folder.configFile);
    expect(code).toBe(2);
    expect(line).toContain(folder.configFile);
    expect(line).toContain('sorces');
    expect(line).toContain('sources');
  });

  it('names the configuration file that is not there', async () => {
    const { code, line } = await failedStart('/nowhere/brazier.yaml');
    expect(code).toBe(2);
    expect(line).toContain('/nowhere/brazier.yaml');
  });
});
