/** Before a move to Kafka: what the embedded log holds is delivered first, and nobody can forget it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, type ServerProcess, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const EVENTS = 40;

/** A folder in which events wait, since Braze failed; and the same configuration on Kafka. */
async function rig(status = 500) {
  const { sandbox, url, close } = await startSandbox({ keep: 10_000 });
  const folder = makeFolder(url, { lingerMs: 5, concurrency: { start: 2, max: 2 } });
  const onKafka = join(folder.data, '..', 'kafka.yaml');
  const config = parse(readFileSync(folder.configFile, 'utf8'));
  config.log = { kind: 'kafka', brokers: ['127.0.0.1:9'], path: folder.data };
  writeFileSync(onKafka, stringify(config));
  const started: ServerProcess[] = [];
  cleanups.push(folder.remove, close, async () => {
    for (const each of started) {
      each.kill('SIGKILL');
      await each.exited;
    }
  });
  const start = (...args: string[]) => {
    const process = startProcess(args);
    started.push(process);
    return process;
  };
  sandbox.addFaults([{ match: {}, do: { status } }]);
  const server = start('serve', '--config', folder.configFile);
  const { http } = await server.ready;
  const batch = Array.from({ length: EVENTS }, (_, step) => ({
    type: 'track',
    userId: 'walker',
    event: 'Step Taken',
    properties: { step },
  }));
  const authorization = `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}`;
  const init = { method: 'POST', headers: { authorization }, body: JSON.stringify({ batch }) };
  expect((await fetch(`${http}/v1/batch`, init)).status).toBe(200);
  server.kill('SIGKILL');
  await server.exited;
  return { sandbox, folder, onKafka, start };
}

it('a server on Kafka refuses a folder with undelivered events, and a drain delivers them in order', {
  timeout: 180_000,
}, async () => {
  const { sandbox, folder, onKafka, start } = await rig();
  const early = start('serve', '--config', onKafka);
  expect(await early.exited).toBe(1);
  expect(early.stderr()).toMatch(/has an embedded log with 40 events that are not delivered.*serve --drain/);

  sandbox.clearFaults();
  const drain = start('serve', '--drain', '--config', folder.configFile);
  expect(await drain.ready, 'takes no events').not.toHaveProperty('http');
  expect(await drain.exited).toBe(0);
  expect(drain.stdout()).toContain('{"drained":true,"deadLetters":0}');
  const [walker] = sandbox.users();
  const steps = walker?.events.map(({ properties }) => (properties as { step: number }).step);
  expect(steps).toEqual(Array.from({ length: EVENTS }, (_, step) => step));
});

it('a drain that is stopped before its end exits with 1, and what is left stays', {
  timeout: 180_000,
}, async () => {
  // Halted: nothing is under way that the end would wait for.
  const { folder, start } = await rig(401);
  const drain = start('serve', '--drain', '--config', folder.configFile);
  await drain.ready;
  drain.kill('SIGTERM');
  expect(await drain.exited).toBe(1);
  expect(drain.stderr()).toContain('stopped before all was delivered: the rest is in the log');
  expect(drain.stdout()).not.toContain('drained');
});

it('--drain is refused on Kafka and without a configuration, exit code 2', async () => {
  const { onKafka, start } = await rig();
  for (const args of [['--config', onKafka], []]) {
    const refused = start('serve', '--drain', ...args);
    expect(await refused.exited).toBe(2);
    expect(refused.stderr()).toMatch(/^--drain is about .*\n$/);
  }
});
