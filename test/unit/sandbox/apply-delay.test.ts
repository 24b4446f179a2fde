import { afterEach, expect, it } from 'vitest';
import { type RunningSandbox, startSandbox } from '../../support/sandbox.ts';

let running: RunningSandbox;
afterEach(() => running.close());

async function post(path: string, body: object): Promise<number> {
  const headers = { authorization: 'Bearer k', 'content-type': 'application/json' };
  const reply = await fetch(running.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return reply.status;
}

const user_alias = { alias_name: 'a1', alias_label: 'anon' };
const seen = { attributes: [{ user_alias, _update_existing_only: false }] };
const users = () => running.sandbox.users().map((user) => user.external_id);

it('rule 42: what is accepted shows later, by itself', async () => {
  running = await startSandbox({ applyDelayMs: 50 });
  expect(await post('/users/track', seen)).toBe(201);
  expect(users()).toEqual([]);
  await expect.poll(users).toEqual([null]);
});

it('rule 42: a flush applies what waits at once, and links may take longer than data', async () => {
  running = await startSandbox({ applyDelayMs: 0, linkApplyDelayMs: 600_000 });
  await post('/users/track', seen);
  await post('/users/identify', { aliases_to_identify: [{ external_id: 'u1', user_alias }] });
  expect(users()).toEqual([null]);
  await post('/_sandbox/flush', {});
  expect(users()).toEqual(['u1']);
});
