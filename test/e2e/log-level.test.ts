/** The level of the log lines of the real process: changed while it runs, by the command and over HTTP. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function rig() {
  const braze = await startSandbox();
  const folder = makeFolder(braze.url, { lingerMs: 5 });
  cleanups.push(braze.close, folder.remove);
  let sent = 0;

  async function serve() {
    const server = startProcess(['serve', '--config', folder.configFile]);
    cleanups.push(() => server.kill('SIGKILL'));
    const ready = await server.ready;
    return { server, ready, token: readFileSync(folder.tokenFile, 'utf8').trim() };
  }

  /** One event, until it is delivered. */
  async function send(http: string): Promise<void> {
    sent += 1;
    const response = await fetch(`${http}/v1/track`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}` },
      body: JSON.stringify({ userId: 'canary-person', event: 'canary-event' }),
    });
    expect(response.status).toBe(200);
    const delivered = () => braze.sandbox.users().flatMap(({ events }) => events).length;
    await vi.waitFor(() => expect(delivered()).toBe(sent), { timeout: 60_000, interval: 20 });
  }

  async function command(...args: readonly string[]) {
    const child = startProcess(['log-level', ...args, '--config', folder.configFile]);
    return { code: await child.exited, stdout: child.stdout(), stderr: child.stderr() };
  }
  return { serve, send, command };
}

const debugLines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.includes('"level":"debug"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('the level of the log lines', () => {
  it('debug has a line for each request, in and out, without a word of the event; until it is another or the process ends', async () => {
    const { serve, send, command } = await rig();
    const { server, ready } = await serve();
    await send(ready.http);
    expect(debugLines(server.stderr())).toEqual([]);

    expect(await command('debug')).toMatchObject({ code: 0, stdout: '{"level":"debug","was":"info"}\n' });
    await send(ready.http);
    await vi.waitFor(() =>
      expect(debugLines(server.stderr())).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ msg: 'a request of a sender', route: '/v1/track', code: '200' }),
          expect.objectContaining({
            msg: 'a request to Braze',
            destination: 'braze',
            status: 201,
            objects: 1,
          }),
        ]),
      ),
    );
    expect(server.stderr()).not.toContain('canary');

    expect(await command()).toMatchObject({ code: 0, stdout: '{"level":"debug"}\n' });
    expect(await command('info')).toMatchObject({ code: 0, stdout: '{"level":"info","was":"debug"}\n' });
    const before = debugLines(server.stderr()).length;
    await send(ready.http);
    await command('debug');
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    expect(debugLines(server.stderr()).filter(({ msg }) => String(msg).startsWith('a request'))).toHaveLength(
      before,
    );

    const again = await serve();
    expect(await command()).toMatchObject({ code: 0, stdout: '{"level":"info"}\n' });
    again.server.kill('SIGTERM');
    expect(await again.server.exited).toBe(0);
  });

  it('is changed over HTTP with the token alone, and to nothing that is no level', async () => {
    const { serve } = await rig();
    const { server, ready, token } = await serve();
    const ask = async (body: string | undefined, headers: Record<string, string> = {}) => {
      const method = body === undefined ? 'GET' : 'PUT';
      const init = { method, headers, ...(body === undefined ? {} : { body }) };
      const answer = await fetch(`${ready.admin}/log-level`, init);
      return [answer.status, (await answer.json()) as unknown];
    };
    const known = { authorization: `Bearer ${token}` };
    expect(await ask('{"level":"debug"}')).toMatchObject([401, { code: 'unauthorized' }]);
    expect(await ask(undefined)).toMatchObject([401, { code: 'unauthorized' }]);
    for (const body of [
      '{"level":"loud"}',
      '{"level":1}',
      '{}',
      '[]',
      '{',
      '{"level":"warn","more":1}',
      '',
    ]) {
      expect(await ask(body, known), body).toMatchObject([400, { code: 'invalid_body' }]);
    }
    expect(await ask(undefined, known)).toEqual([200, { level: 'info' }]);
    expect(await ask('{"level":"warn"}', known)).toEqual([200, { level: 'warn', was: 'info' }]);
    expect(await ask(undefined, known)).toEqual([200, { level: 'warn' }]);
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  });

  it('of no server, or one that is none, is refused with a word about it', async () => {
    const { command } = await rig();
    expect(await command('debug')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no server runs'),
    });
    const loud = await command('loud');
    expect(loud).toMatchObject({ code: 2, stderr: expect.stringContaining('error, warn, info, debug') });
  });
});
