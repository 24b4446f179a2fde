/** Destinations of one running server: each has its own place in the log, its own health, and may come and go. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type RunningSandbox, startSandbox } from '../support/sandbox.ts';
import { makeFolder, type Ready, type ServerFolder, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function braze(apiKey?: string): Promise<RunningSandbox> {
  const started = await startSandbox(apiKey === undefined ? {} : { apiKey });
  cleanups.push(started.close);
  return started;
}

/** Starts with exactly these destinations; `stop` expects a clean end. */
async function serve(folder: ServerFolder, destinations: readonly object[]) {
  const config = {
    http: { port: 0 },
    admin: { port: 0 },
    log: { path: folder.data },
    sources: [{ id: 'shop', writeKey: ['old-key', 'new-key'] }],
    destinations: destinations.map((each) => ({ restApiKey: 'k', lingerMs: 5, ...each })),
  };
  // JSON is YAML.
  writeFileSync(folder.configFile, JSON.stringify(config, undefined, 1));
  const server = startProcess(['serve', '--config', folder.configFile]);
  cleanups.push(() => server.kill('SIGKILL'));
  const ready = await server.ready;
  const stop = async () => {
    server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
  };
  return { ready, stop };
}

async function send({ http }: Ready, event: string, writeKey = 'old-key'): Promise<number> {
  const body = JSON.stringify({ batch: [{ type: 'track', userId: 'kim', event, messageId: event }] });
  const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
  const reply = await fetch(`${http}/v1/batch`, { method: 'POST', headers: { authorization }, body });
  await reply.text();
  return reply.status;
}

async function metric({ admin }: Ready, name: string, destination: string): Promise<number | undefined> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  const found = new RegExp(`^${name}{destination="${destination}"[^}]*} (\\d+)`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

const eventsAt = ({ sandbox }: RunningSandbox) =>
  sandbox.users().flatMap(({ events }) => events.map(({ name }) => name));

const arrived = (at: RunningSandbox, events: readonly string[]) =>
  vi.waitFor(() => expect(eventsAt(at)).toEqual(events), { timeout: 60_000, interval: 20 });

describe('destinations', () => {
  it('one whose key is refused holds up itself alone, and goes on when its key file is mended', async () => {
    const [well, sick] = [await braze(), await braze('right-key')];
    const folder = makeFolder(well.url);
    cleanups.push(folder.remove);
    const restApiKeyFile = join(folder.data, '..', 'key');
    writeFileSync(restApiKeyFile, 'wrong-key');
    const { ready, stop } = await serve(folder, [
      { id: 'well', restEndpoint: well.url },
      { id: 'sick', restEndpoint: sick.url, restApiKey: undefined, restApiKeyFile },
    ]);
    for (const event of ['one', 'two']) expect(await send(ready, event)).toBe(200);
    await arrived(well, ['one', 'two']);
    await vi.waitFor(async () => expect(await metric(ready, 'brazier_destination_halted', 'sick')).toBe(1));
    expect(await metric(ready, 'brazier_events_in_flight', 'sick')).toBe(2);
    expect((await fetch(`${ready.admin}/health/ready`)).status).toBe(200);
    writeFileSync(restApiKeyFile, 'right-key\n');
    await arrived(sick, ['one', 'two']);
    await stop();
  });

  it('a new one begins at the end of the log, or at its beginning when told; a removed one loses its place', async () => {
    const [first, late, whole] = [await braze(), await braze(), await braze()];
    const folder = makeFolder(first.url);
    cleanups.push(folder.remove);
    const [a, b] = [
      { id: 'a', restEndpoint: first.url },
      { id: 'b', restEndpoint: late.url },
    ];
    const c = { id: 'c', restEndpoint: whole.url, start: 'beginning' };
    let server = await serve(folder, [a]);
    await send(server.ready, 'one');
    await arrived(first, ['one']);
    await server.stop();

    server = await serve(folder, [b, c]);
    await arrived(whole, ['one']);
    await send(server.ready, 'two');
    await arrived(late, ['two']);
    await arrived(whole, ['one', 'two']);
    expect(await metric(server.ready, 'brazier_events_read_total', 'a')).toBeUndefined();
    await server.stop();

    // `a` had a place before `two`: it was given up when it was removed.
    server = await serve(folder, [a, b]);
    await send(server.ready, 'three', 'new-key');
    await arrived(first, ['one', 'three']);
    await arrived(late, ['two', 'three']);
    await server.stop();
  });
});
