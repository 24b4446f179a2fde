/** One server of every role on topics of its own, before a sandbox; and the command line that asks it. */
import { readFileSync } from 'node:fs';
import { expect, onTestFinished } from 'vitest';
import type { Sandbox } from '../../../src/sandbox/server.ts';
import { metric } from '../harness.ts';
import { startSandbox } from '../sandbox.ts';
import { makeFolder, type ServerProcess, startProcess } from '../server-process.ts';
import type { KafkaScratch } from './shared.ts';

export interface Served {
  readonly sandbox: Sandbox;
  readonly server: ServerProcess;
  /** Expects that they are accepted. */
  post(batch: readonly object[]): Promise<void>;
  /** A command with the server's configuration. */
  start(...args: string[]): ServerProcess;
  /** The same, to its end. */
  run(...args: string[]): Promise<{ code: number | string; stdout: string; stderr: string }>;
  /** A POST to the admin API. */
  admin(path: string): Promise<{ status: number; body: unknown }>;
  metric(name: string, labels?: string): Promise<number>;
  /** Names of the events that have come to each person of the sandbox. */
  arrived(): string[];
}

/** The topic has four partitions. Ended, with all of it, when the test is. */
export async function serveOn(scratch: KafkaScratch): Promise<Served> {
  const { sandbox, url, close } = await startSandbox({ keep: 10_000 });
  const groupPrefix = scratch.groupId('serve');
  const log = {
    kind: 'kafka',
    brokers: scratch.brokers,
    topic: scratch.topicName('events'),
    deadLetterTopic: scratch.topicName('letters'),
    requestTopic: scratch.topicName('requests'),
    groupPrefix,
    partitions: 4,
    replicationFactor: 1,
  };
  const folder = makeFolder(url, { lingerMs: 5 }, { log });
  const server = startProcess(['serve', '--config', folder.configFile]);
  onTestFinished(async () => {
    server.kill('SIGTERM');
    await server.exited;
    await close();
    folder.remove();
    await scratch.admin.deleteGroups([`${groupPrefix}.braze`]).catch(() => undefined);
  }, 60_000);
  const ready = await server.ready;
  const start = (...args: string[]) => startProcess([...args, '--config', folder.configFile]);
  return {
    sandbox,
    server,
    async post(batch) {
      const authorization = `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}`;
      const init = { method: 'POST', headers: { authorization }, body: JSON.stringify({ batch }) };
      expect((await fetch(`${ready.http}/v1/batch`, init)).status).toBe(200);
    },
    start,
    async run(...args) {
      const child = start(...args);
      const code = await child.exited;
      return { code, stdout: child.stdout(), stderr: child.stderr() };
    },
    async admin(path) {
      const authorization = `Bearer ${readFileSync(folder.tokenFile, 'utf8').trim()}`;
      const reply = await fetch(`${ready.admin}${path}`, { method: 'POST', headers: { authorization } });
      return { status: reply.status, body: await reply.json() };
    },
    metric: (name, labels) => metric(ready, name, labels),
    arrived: () => sandbox.users().flatMap(({ events }) => events.map(({ name }) => String(name))),
  };
}
