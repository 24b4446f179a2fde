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
const patient = { timeout: 60_000 };

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
  const run = async (...args: string[]) => {
    const child = startProcess([...args, '--config', folder.configFile]);
    const code = await child.exited;
    return { code, stdout: child.stdout(), stderr: child.stderr() };
  };
  const brazier = (...args: string[]) => run('dead-letters', ...args);
  return { sandbox, folder, server, admin, post, run, brazier };
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

/** Refuses the next track request, whatever is in it, with a text that quotes the event. */
const refuseAll = {
  match: { path: '/users/track' },
  times: 1,
  do: { status: 400, body: { message: 'no to canary-trait' } },
};

describe('dead letters of a running server', () => {
  it('are counted, confirmed, replayed without their attributes and discarded, and listed without the person', {
    timeout: 180_000,
  }, async () => {
    const t = await rig();
    t.sandbox.addFaults([refuseAll, { ...refuseAll, times: 2 }]);
    const context = { traits: { first_name: 'canary-trait' } };
    await t.post({ type: 'track', userId: 'canary-id', event: 'Signed Up', messageId: 'm1', context });
    const listed = await vi.waitFor(async () => {
      const { stdout } = await t.brazier('list', '--code', 'braze_refused', '--person', 'canary-id');
      expect(JSON.parse(stdout)).toMatchObject({ undelivered: ['attributes:0', 'event:0'] });
      return stdout;
    }, patient);
    const { id } = JSON.parse(listed);
    expect(listed).not.toContain('canary');
    const open = await t.admin('/dead-letters?showPayload=true');
    expect(JSON.stringify(open.body)).toContain('canary-trait');
    expect(await t.admin('/dead-letters/replay', { all: true, dryRun: true })).toMatchObject({
      body: { dryRun: true, count: 1 },
    });
    expect(await t.brazier('replay', '--all')).toMatchObject({ code: 2, stdout: '' });
    expect(JSON.parse((await t.brazier('replay', '--all', '--yes', '--rate', '100')).stdout)).toEqual({
      replayed: [id],
      kept: [id],
      skipped: [],
    });
    await vi.waitFor(
      () => expect(t.sandbox.users()[0]?.events).toMatchObject([{ name: 'Signed Up' }]),
      patient,
    );
    expect(t.sandbox.users()[0]?.attributes).toEqual({});

    const refused = await t.brazier('discard', id);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('--yes');
    expect((await t.brazier('discard', id, '--yes')).stdout).toBe(
      `${JSON.stringify({ discarded: [id], skipped: [] })}\n`,
    );
    expect((await t.admin('/dead-letters/summary')).body).toEqual({ count: 0, groups: [] });
  });

  it('and what was delivered, is sent again once, however often it is asked for', {
    timeout: 180_000,
  }, async () => {
    const t = await rig();
    await t.post({ type: 'track', userId: 'kim', event: 'Signed Up', messageId: 'm1' });
    const times = () => t.sandbox.users()[0]?.events.length;
    await vi.waitFor(() => expect(times()).toBe(1), patient);
    const replay = ['--destination', 'braze', '--from', '1h'];
    expect((await t.run('replay', ...replay)).code).toBe(2);
    expect(JSON.parse((await t.run('replay', ...replay, '--yes')).stdout)).toEqual({ sent: 1, already: 0 });
    await vi.waitFor(() => expect(times()).toBe(2), patient);
    t.server.kill('SIGTERM');
    expect(await t.server.exited).toBe(0);
    expect(JSON.parse((await t.run('replay', ...replay, '--yes')).stdout)).toEqual({ sent: 0, already: 1 });
  });

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
    timeout: 180_000,
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
      `${JSON.stringify({ replayed: [id], kept: [], skipped: [] })}\n`,
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
    for (const [path, body] of [
      ['/dead-letters/discard', {}],
      ['/dead-letters/discard', { ids: ['x'], all: true }],
      ['/dead-letters/replay', { destinatoin: 'braze' }],
      ['/dead-letters/replay', { all: true, limit: 0 }],
      ['/replay', { destination: 'braze', from: '2026-01-01' }],
      ['/replay', { destination: 'nobody', from: 0, to: 1 }],
    ] as const) {
      expect(await t.admin(path, body)).toMatchObject({ status: 400, body: { code: 'invalid_body' } });
    }
    const wrong = { destination: 'braze', from: 0, to: 1, after: '0:x' };
    expect(await t.admin('/replay', wrong)).toMatchObject({
      status: 400,
      body: { code: 'invalid_body', message: 'after: expected `next` of the answer before' },
    });
    expect(await t.admin('/dead-letters?from=yesterday')).toMatchObject({ body: { code: 'invalid_query' } });
    expect(await t.admin('/dead-letters/replay', {})).toMatchObject({
      status: 400,
      body: { code: 'invalid_body' },
    });
    expect(await t.admin('/dead-letter?id=x')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await t.admin('/nowhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    const { admin } = await t.server.ready;
    expect((await fetch(`${admin}/dead-letters`)).status).toBe(401);
    expect((await fetch(`${admin}/health/ready`)).status).toBe(200);
    const metrics = await (await fetch(`${admin}/metrics`)).text();
    expect(metrics).toContain('\nbrazier_dead_letters_bytes 0\n');
    expect(metrics).toContain(`\nbrazier_dead_letters_max_bytes ${1024 ** 3}\n`);
    expect(metrics).toContain(`\nbrazier_dead_letters_max_age_seconds ${30 * 86_400}\n`);
    expect(metrics).toContain('\nbrazier_dead_letters_dropped_total{reason="bytes"} 0\n');
  });
});
