/** Dead letters of the real process, over its admin API and by the command line, with and without the server. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The machine may be busy with other tests. */
const patient = { timeout: 15_000 };

/** An order with three products, one of them too long a name for Braze's taste on the first try. */
const ORDER = {
  type: 'track',
  userId: 'kim',
  event: 'Order Completed',
  messageId: 'order-1',
  properties: {
    currency: 'EUR',
    products: ['a', 'b', 'c'].map((product_id) => ({ product_id, price: 1.5, quantity: 1 })),
  },
};

async function rig() {
  const { sandbox, url, close } = await startSandbox();
  const folder = makeFolder(url, { lingerMs: 5 });
  const server = startProcess(['serve', '--config', folder.configFile]);
  cleanups.push(folder.remove, close, async () => {
    server.kill('SIGKILL');
    await server.exited;
  });
  const ready = await server.ready;
  const admin = async (path: string, body?: unknown) => {
    const authorization = `Bearer ${readFileSync(folder.tokenFile, 'utf8').trim()}`;
    const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const headers = { authorization, 'content-type': 'application/json' };
    const reply = await fetch(`${ready.admin}${path}`, { ...init, headers });
    return { status: reply.status, body: (await reply.json()) as { letters?: { id: string }[] } };
  };
  const post = (event: object) =>
    fetch(`${ready.http}/v1/batch`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}` },
      body: JSON.stringify({ batch: [event] }),
    });
  const brazier = async (...args: string[]) => {
    const child = startProcess(['dead-letters', ...args, '--config', folder.configFile]);
    const code = await child.exited;
    return { code, stdout: child.stdout(), stderr: child.stderr() };
  };
  return { sandbox, folder, server, admin, post, brazier };
}

/** Refuses the second purchase of the next request, by its index: the others are taken. */
const refuseSecondPurchase = {
  match: { path: '/users/track' },
  times: 1,
  do: {
    status: 400,
    body: { message: 'no', errors: [{ type: "'product_id' is odd", input_array: 'purchases', index: 1 }] },
  },
};

describe('dead letters of a running server', () => {
  it('a replay sends the one purchase that did not arrive: those that did are not counted twice', async () => {
    const t = await rig();
    t.sandbox.addFaults([refuseSecondPurchase]);
    expect((await t.post(ORDER)).status).toBe(200);
    const products = () =>
      t.sandbox
        .users()[0]
        ?.purchases.map(({ product_id }) => product_id)
        .sort();
    await vi.waitFor(() => expect(products()).toEqual(['a', 'c']), patient);
    const list = await vi.waitFor(async () => {
      const { body } = await t.admin('/dead-letters');
      expect(body.letters).toMatchObject([{ code: 'braze_refused', undelivered: ['purchase:1'] }]);
      return body.letters ?? [];
    }, patient);
    const replay = await t.admin('/dead-letters/replay', { ids: list.map(({ id }) => id) });
    expect(replay).toMatchObject({ status: 200, body: { skipped: [] } });
    await vi.waitFor(() => expect(products()).toEqual(['a', 'b', 'c']), patient);
    expect((await t.admin('/dead-letters')).body.letters).toEqual([]);
  });

  it('the command line asks the server while one runs, and opens the store when none does', {
    timeout: 60_000,
  }, async () => {
    const t = await rig();
    t.sandbox.addFaults([refuseSecondPurchase]);
    await t.post(ORDER);
    await vi.waitFor(
      async () => expect((await t.admin('/dead-letters')).body.letters).toHaveLength(1),
      patient,
    );
    const asked = await t.brazier('list');
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    t.server.kill('SIGTERM');
    expect(await t.server.exited).toBe(0);
    const opened = await t.brazier('list');
    expect(opened).toEqual(asked);
    const { id } = JSON.parse(opened.stdout);
    expect((await t.brazier('replay', id)).stdout).toBe(
      `${JSON.stringify({ replayed: [id], skipped: [] })}\n`,
    );
    const again = await t.brazier('replay', id);
    expect(again.code).toBe(1);
    expect(again.stderr).toBe('1 were not replayed\n');
  });

  it('answers what it cannot understand with its own codes, and nobody without the token', async () => {
    const t = await rig();
    expect(await t.admin('/dead-letters?limit=0')).toMatchObject({
      status: 400,
      body: { code: 'invalid_query' },
    });
    expect(await t.admin('/dead-letters/replay', {})).toMatchObject({
      status: 400,
      body: { code: 'invalid_body' },
    });
    expect(await t.admin('/dead-letter?id=x')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await t.admin('/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    const { admin } = await t.server.ready;
    expect((await fetch(`${admin}/dead-letters`)).status).toBe(401);
    expect((await fetch(`${admin}/health/ready`)).status).toBe(200);
  });
});
