import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

function run(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, 'sandbox', ...args]);
  started.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return { child, output, exit };
}

describe('brazier sandbox', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'prints one line of JSON when it is ready, and ends with 0 on %s',
    async (signal) => {
      const { child, output, exit } = run('--port', '0', '--api-key', 'secret', '--seed', '7');
      const ready = await vi.waitFor(() => JSON.parse(output.stdout), 10_000);
      expect(ready).toEqual({
        ready: true,
        pid: child.pid,
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      });
      const headers = { authorization: 'Bearer secret' };
      const reply = await fetch(`${ready.url}/users/track`, { method: 'POST', body: '{}', headers });
      expect(reply.status).toBe(400);
      child.kill(signal);
      expect(await exit).toBe(0);
      expect(output.stdout.trimEnd().split('\n')).toHaveLength(1);
    },
  );

  it('takes a plan by monthly active users and the keys of another instance', async () => {
    const { output } = run('--port', '0', '--mau', '7,5', '--foreign-keys', 'a, b');
    const { url } = await vi.waitFor(() => JSON.parse(output.stdout), 10_000);
    const track = (key: string) =>
      fetch(`${url}/users/track`, {
        method: 'POST',
        body: '{}',
        headers: { authorization: `Bearer ${key}` },
      });
    expect((await track('b')).status).toBe(401);
    expect((await track('c')).headers.get('x-ratelimit-limit')).toBe('7');
  });

  it('ends with 1 and one clear line when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { output, exit } = run('--port', String(port));
    expect(await exit).toBe(1);
    expect(output).toEqual({
      stdout: '',
      stderr: `Port ${port} on 127.0.0.1 is taken: choose another with --port, or 0 for a free one.\n`,
    });
    other.close();
  });

  it('ends with 1 and one clear line when the record file cannot be opened', async () => {
    const { output, exit } = run('--port', '0', '--record', '/nowhere/at/all.ndjson');
    expect(await exit).toBe(1);
    expect(output.stderr).toMatch(/^The record file cannot be opened for appending: .*all\.ndjson'\n$/);
  });

  it.each([
    ['--port', 'x'],
    ['--keep', '-1'],
    ['--packing', 'loose'],
    ['--mau', '250000'],
    ['--mau', '250000,0'],
    ['--no-such-flag', ''],
  ])('ends with 2 for %s %s', async (...args) => {
    const { output, exit } = run(...args);
    expect(await exit).toBe(2);
    expect(output.stderr).toContain(args[0]);
    expect(output.stdout).toBe('');
  });

  it('shows examples in its help', async () => {
    const { output, exit } = run('--help');
    expect(await exit).toBe(0);
    expect(output.stdout).toContain('-- sandbox --port 4800');
  });
});
