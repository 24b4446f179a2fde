import { afterEach, expect, it } from 'vitest';
import { makeFolder, startProcess } from '../../support/server-process.ts';
import { startReceiver } from '../alerts/support.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function run(webhooks: (url: string) => readonly object[], ...args: readonly string[]) {
  const receiver = await startReceiver();
  const folder = makeFolder('http://127.0.0.1:9', {}, { alerts: { webhooks: webhooks(receiver.url) } });
  cleanups.push(receiver.close, folder.remove);
  const child = startProcess(['alerts', 'test', '--config', folder.configFile, ...args]);
  return { code: await child.exited, stdout: child.stdout(), stderr: child.stderr(), receiver };
}

it('sends one message to each webhook, says that it is a test, and that it arrived', async () => {
  const { code, stdout, receiver } = await run((url) => [
    { id: 'a', url: `${url}/a` },
    { id: 'b', url: `${url}/b`, form: 'slack' },
  ]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'a: arrived (200)\nb: arrived (200)\n' });
  expect(receiver.bodies()).toMatchObject([{ state: 'test' }, { text: expect.stringContaining('A test') }]);
});

it('exits with 1 when one did not arrive, and says which and why, without the address', async () => {
  const { code, stdout, stderr } = await run((url) => [
    { id: 'a', url: 'http://127.0.0.1:1/canary' },
    { id: 'b', url },
  ]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: 'a: econnrefused\nb: arrived (200)\n' });
  expect(stderr).toContain('1 of 2 webhooks did not take the message');
  expect(stdout + stderr).not.toContain('canary');
});

it('sends to the one that is named', async () => {
  const webhooks = (url: string) => [
    { id: 'a', url: `${url}/a` },
    { id: 'b', url: `${url}/b` },
  ];
  const named = await run(webhooks, '--webhook', 'b');
  expect(named.receiver.received.map(({ url }) => url)).toEqual(['/b']);
  const unknown = await run(webhooks, '--webhook', 'c');
  expect(unknown).toMatchObject({ code: 2, stderr: 'there is no webhook c; there is a, b\n' });
});

it('exits with 2 when there is none to send to', async () => {
  expect(await run(() => [])).toMatchObject({ code: 2, stderr: 'there is no webhook in alerts.webhooks\n' });
});
