/** A destination that is halted for long: it holds the log until somebody lets go of it, knowingly. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, type Ready, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The machine may be busy with other tests. */
const patient = { timeout: 60_000, interval: 50 };

async function newSandbox(apiKey: string) {
  const { sandbox, url, close } = await startSandbox({ apiKey, rateLimit: 1_000_000, keep: 1 });
  cleanups.push(close);
  return { sandbox, url, events: () => sandbox.users().reduce((sum, { events }) => sum + events.length, 0) };
}

async function rig() {
  const [sick, well] = [await newSandbox('right-key'), await newSandbox('other-key')];
  const folder = makeFolder(sick.url, { lingerMs: 5, restApiKey: 'wrong-key' });
  const config = parse(readFileSync(folder.configFile, 'utf8'));
  config.log = { path: folder.data, maxBytes: 2 * 1024 * 1024, retainHours: 0 };
  const other = {
    id: 'other',
    restEndpoint: well.url,
    restApiKey: 'other-key',
    start: 'beginning',
    lingerMs: 5,
  };
  const write = (restApiKey: string) => {
    const [braze] = config.destinations;
    const destinations = [{ ...braze, restApiKey }, other];
    writeFileSync(folder.configFile, stringify({ ...config, destinations }));
  };
  write('wrong-key');
  cleanups.push(folder.remove);
  const start = async () => {
    const server = startProcess(['serve', '--config', folder.configFile]);
    cleanups.push(async () => {
      server.kill('SIGKILL');
      await server.exited;
    });
    return { server, ready: await server.ready };
  };
  const brazier = async (...args: string[]) => {
    const child = startProcess([...args, '--config', folder.configFile]);
    const code = await child.exited;
    return { code, stdout: child.stdout(), stderr: child.stderr() };
  };
  const list = async () => {
    const { stdout } = await brazier('destinations', 'list');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    return Object.fromEntries(lines.map((line) => [line.id, line]));
  };
  const post = async ({ http }: Ready, event: string, pad = 0) => {
    const reply = await fetch(`${http}/v1/batch`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}` },
      body: JSON.stringify({
        batch: Array.from({ length: 10 }, (_, i) => ({
          type: 'track',
          userId: `u${i}`,
          event,
          properties: { pad: 'x'.repeat(pad) },
        })),
      }),
    });
    return { status: reply.status, body: (await reply.json()) as { code?: string } };
  };
  return { sick, well, folder, write, start, brazier, list, post };
}

async function scrape({ admin }: Ready) {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return (name: string, label = '') =>
    [...text.matchAll(new RegExp(`^${name}(?:{([^}]*)})? (\\S+)$`, 'gm'))]
      .filter(([, labels]) => (labels ?? '').includes(label))
      .reduce((sum, [, , value]) => sum + Number(value), 0);
}

/** Everything that was accepted, by what became of it for the destination. */
async function expectSum(ready: Ready, destination: string): Promise<void> {
  const of = await scrape(ready);
  const label = `destination="${destination}"`;
  const parts = ['events_total', 'events_in_flight', 'backlog_events', 'events_detached_total'];
  const sum = parts.reduce((total, name) => total + of(`brazier_${name}`, label), 0);
  expect(sum).toBe(of('brazier_ingest_events_total', 'outcome="accepted"'));
}

it('holds the log with an alarm, sheds load at the cap while readiness stays green, and is let go of for good', {
  timeout: 180_000,
}, async () => {
  const t = await rig();
  const { server, ready } = await t.start();
  let accepted = 0;
  const fill = async () => {
    for (;;) {
      const { status, body } = await t.post(ready, 'before', 10_000);
      if (status !== 200) return { status, body };
      accepted += 10;
    }
  };
  expect(await fill()).toMatchObject({ status: 429, body: { code: 'log_full' } });
  await vi.waitFor(() => expect(t.well.events()).toBe(accepted), patient);
  expect((await fetch(`${ready.admin}/health/ready`)).status).toBe(200);
  await vi.waitFor(() => expect(server.stderr()).toContain('log_near_cap'), patient);
  const alarms = server
    .stderr()
    .split('\n')
    .filter((line) => line.includes('log_near_cap'));
  expect(alarms).toHaveLength(1);
  expect(JSON.parse(alarms[0]!)).toMatchObject({ destination: 'braze', events: accepted, level: 'warn' });
  expect((await scrape(ready))('brazier_log_near_cap')).toBe(1);
  await expectSum(ready, 'braze');

  expect(await t.list()).toMatchObject({
    braze: { state: 'halted', halted: { code: 'key_refused' }, unsettled: accepted, inFlight: accepted },
    other: { state: 'running', unsettled: 0, heldBytes: 0, oldestAgeSeconds: null },
  });
  const held = (await t.list()).braze;
  expect(held.heldBytes).toBeGreaterThan(1.5 * 1024 * 1024);
  expect(held.oldestAgeSeconds).toBeGreaterThan(0);

  const refused = await t.brazier('destinations', 'detach', 'braze');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain(`${accepted} events are not delivered`);
  expect((await t.list()).braze.state).toBe('halted');
  expect((await t.brazier('destinations', 'detach', 'nobody', '--yes')).code).toBe(1);

  const detached = await t.brazier('destinations', 'detach', 'braze', '--yes');
  expect(detached).toMatchObject({ code: 0, stdout: `{"id":"braze","events":${accepted}}\n` });
  expect(server.stderr()).toContain('"code":"destination_detached"');
  await expectSum(ready, 'braze');
  for (let turn = 0; turn < 30; turn += 1) {
    expect((await t.post(ready, 'between', 10_000)).status).toBe(200);
    accepted += 10;
    await vi.waitFor(() => expect(t.well.events()).toBe(accepted), patient);
  }
  await expectSum(ready, 'braze');
  await expectSum(ready, 'other');
  expect((await scrape(ready))('brazier_destination_detached', 'braze')).toBe(1);
  expect((await t.brazier('destinations', 'detach', 'braze', '--yes')).stderr).toContain('already');
  const replay = await t.brazier('replay', '--destination', 'braze', '--from', '1h', '--yes');
  expect(replay.code).not.toBe(0);
  server.kill('SIGTERM');
  expect(await server.exited).toBe(0);

  t.write('right-key');
  const second = await t.start();
  expect((await t.post(second.ready, 'between')).status).toBe(200);
  await expectSum(second.ready, 'braze');
  expect((await t.list()).braze).toMatchObject({ state: 'detached', unsettled: 0 });
  second.server.kill('SIGTERM');
  expect(await second.server.exited).toBe(0);

  expect(await t.list()).toMatchObject({ braze: { state: 'detached' }, other: { state: 'stopped' } });
  expect((await t.brazier('destinations', 'attach', 'braze')).code).toBe(0);
  const third = await t.start();
  expect((await t.post(third.ready, 'after')).status).toBe(200);
  await vi.waitFor(() => expect(t.sick.events()).toBe(10), patient);
  const names = t.sick.sandbox.users().flatMap(({ events }) => events.map(({ name }) => name));
  expect(new Set(names)).toEqual(new Set(['after']));
  await expectSum(third.ready, 'braze');

  expect((await t.brazier('destinations', 'detach', 'braze', '--yes')).stdout).toContain('"events":0');
  expect((await t.post(third.ready, 'unheard')).status).toBe(200);
  expect((await t.brazier('destinations', 'attach', 'braze')).code).toBe(0);
  await expectSum(third.ready, 'braze');
  expect((await t.post(third.ready, 'again')).status).toBe(200);
  await vi.waitFor(() => expect(t.sick.events()).toBe(20), patient);
  expect(JSON.stringify(t.sick.sandbox.users())).not.toContain('unheard');
  await expectSum(third.ready, 'braze');

  expect((await t.brazier('destinations', 'detach', 'braze', '--yes')).code).toBe(0);
  expect((await t.post(third.ready, 'unheard')).status).toBe(200);
  await expectSum(third.ready, 'braze');
});
