import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SandboxOptions } from '../../../src/sandbox/server.ts';
import { type RunningSandbox, startSandbox } from '../../support/sandbox.ts';

let running: RunningSandbox;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
});
afterEach(async () => {
  await running.close();
  rmSync(folder, { recursive: true });
});

const start = async (options: SandboxOptions = {}) => {
  running = await startSandbox(options);
  return running.sandbox;
};

async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = { authorization: 'Bearer k' },
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const reply = await fetch(running.url + path, { method: 'POST', body: text, headers });
  const answer = await reply.text();
  return { status: reply.status, headers: reply.headers, text: answer, body: parsed(answer) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const seen = (id: string, name = 'Seen') => ({
  events: [{ external_id: id, name, time: '2026-01-01T00:00:00Z' }],
});
const names = () => running.sandbox.users().flatMap((user) => user.events.map((event) => event.name));

describe('the gate', () => {
  it('rule 1: answers 401 with empty rate headers to a wrong, missing or quoted key', async () => {
    await start({ apiKey: 'good' });
    const wrong = await post('/users/track', seen('u1'), { authorization: 'Bearer bad' });
    expect(wrong).toMatchObject({ status: 401, body: { message: 'Invalid API key: bad' } });
    expect(wrong.headers.get('x-ratelimit-limit')).toBe('');
    expect((await post('/users/track', {}, {})).body).toEqual({ message: 'Invalid API key: ' });
    expect((await post('/users/track', {}, { authorization: 'Bearer "good"' })).status).toBe(401);
    expect((await post('/users/track', seen('u1'), { authorization: 'Bearer good' })).status).toBe(201);
  });

  it('takes any key that is not empty when none is set', async () => {
    await start();
    expect((await post('/users/track', seen('u1'))).status).toBe(201);
    expect((await post('/users/track', seen('u1'), { authorization: 'Bearer ' })).status).toBe(401);
  });

  it('rule 3: answers 403 where the key lacks the permission of the endpoint', async () => {
    await start({ permissions: ['users.track'] });
    expect((await post('/users/track', {})).status).toBe(400);
    expect(await post('/users/identify', {})).toMatchObject({
      status: 403,
      body: { message: 'Access Denied' },
    });
  });

  it('rule 4: answers 404 to an unknown path or method', async () => {
    await start();
    expect(await post('/users/nope', {})).toMatchObject({ status: 404, body: { message: 'Invalid URL' } });
    expect((await fetch(`${running.url}/users/track`)).status).toBe(404);
  });

  it('rule 5: answers 400 to a body that is no JSON object', async () => {
    await start();
    for (const body of ['', '{', '[]', '"x"']) {
      const { status, body: reply } = await post('/users/track', body);
      expect({ status, reply }).toEqual({ status: 400, reply: { message: expect.any(String) } });
    }
  });

  it('rule 6: answers 413 above 4 MB and takes 4 MB', async () => {
    const sandbox = await start();
    const body = JSON.stringify(seen('u1'));
    const limit = 4 * 1024 * 1024;
    expect((await post('/users/track', body.padEnd(limit))).status).toBe(201);
    expect((await post('/users/track', body.padEnd(limit + 1))).status).toBe(413);
    expect(sandbox.requests().at(-1)).toMatchObject({ status: 413, body: null });
  });

  it('rule 12: answers 429 when the window is used up, with what is left and the reset on every answer', async () => {
    let nowMs = Date.parse('2026-11-22T12:00:01.000Z');
    const sandbox = await start({ rateLimit: 2, now: () => nowMs });
    const rate = ({ status, headers }: Awaited<ReturnType<typeof post>>) =>
      [status, headers.get('x-ratelimit-remaining'), headers.get('x-ratelimit-reset')].join();
    const reset = String(Date.parse('2026-11-22T12:00:03.000Z') / 1000);
    const answers = [await post('/users/track', seen('u1')), await post('/users/track', {})];
    answers.push(await post('/users/track', seen('u1')));
    expect(answers.map(rate)).toEqual([`201,1,${reset}`, `400,0,${reset}`, `429,0,${reset}`]);
    expect(sandbox.users()[0]?.events).toHaveLength(1);
    nowMs += 2000;
    expect((await post('/users/track', seen('u1'))).status).toBe(201);
  });
});

describe('applying', () => {
  it('carries all five endpoints to the profiles', async () => {
    const sandbox = await start();
    const alias = { alias_name: 'a1', alias_label: 'anon' };
    await post('/users/alias/new', { user_aliases: [alias] });
    await post('/users/track', { attributes: [{ user_alias: alias, plan: 'pro' }] });
    await post('/users/identify', { aliases_to_identify: [{ external_id: 'u1', user_alias: alias }] });
    await post('/users/track', seen('u2'));
    await post('/users/merge', {
      merge_updates: [
        { identifier_to_merge: { external_id: 'u1' }, identifier_to_keep: { external_id: 'u2' } },
      ],
    });
    await post('/v2/subscription/status/set', {
      subscription_groups: [
        { subscription_group_id: 'g', subscription_state: 'subscribed', external_ids: ['u2'] },
      ],
    });
    expect(sandbox.users()).toEqual([
      {
        external_id: 'u2',
        user_aliases: [alias],
        attributes: {
          subscription_groups: [{ subscription_group_id: 'g', subscription_state: 'subscribed' }],
        },
        custom_attributes: { plan: 'pro' },
        events: seen('u2').events,
        purchases: [],
      },
    ]);
  });

  it('stores what is sent twice twice', async () => {
    await start();
    for (let round = 0; round < 2; round += 1) await post('/users/track', seen('u1'));
    expect(names()).toEqual(['Seen', 'Seen']);
  });

  it('applies later than it answers, or when it is told to flush', async () => {
    const sandbox = await start({ applyDelayMs: 60_000 });
    await post('/users/track', seen('u1'));
    expect(sandbox.users()).toEqual([]);
    await post('/_sandbox/flush', '');
    expect(names()).toEqual(['Seen']);
  });

  it('applies after its delay by itself', async () => {
    await start({ applyDelayMs: 20 });
    await post('/users/track', seen('u1'));
    await expect.poll(names).toEqual(['Seen']);
  });

  it('lets links overtake data that waits, where they have a delay of their own', async () => {
    const sandbox = await start({ applyDelayMs: 60_000, linkApplyDelayMs: 0 });
    const alias = { alias_name: 'a1', alias_label: 'anon' };
    await post('/users/track', { attributes: [{ user_alias: alias, _update_existing_only: false }] });
    await post('/users/identify', { aliases_to_identify: [{ external_id: 'u1', user_alias: alias }] });
    sandbox.flush();
    expect(sandbox.users()).toMatchObject([{ external_id: null, user_aliases: [alias] }]);
  });

  it('keeps nobody without profiles, and judges all the same', async () => {
    const sandbox = await start({ profiles: false });
    expect((await post('/users/track', seen('u1'))).status).toBe(201);
    expect((await post('/users/track', {})).status).toBe(400);
    expect(sandbox.users()).toEqual([]);
  });
});

describe('faults', () => {
  const cut = () => expect(post('/users/track', seen('u1'))).rejects.toThrow('fetch failed');

  it('rule 50: answers a status instead of applying, with its headers and no others of Braze', async () => {
    const sandbox = await start();
    sandbox.addFaults([{ times: 1, do: { status: 503, headers: { 'retry-after': '7' } } }]);
    const { status, headers, body } = await post('/users/track', seen('u1'));
    expect({ status, body }).toEqual({ status: 503, body: { message: 'Service Unavailable' } });
    expect([headers.get('retry-after'), headers.get('x-ratelimit-limit')]).toEqual(['7', null]);
    expect(names()).toEqual([]);
    expect((await post('/users/track', seen('u1'))).status).toBe(201);
  });

  it('puts body and headers over the real reply and applies, without a status', async () => {
    const sandbox = await start();
    sandbox.addFaults([{ do: { body: '<html>', headers: { 'x-ratelimit-remaining': '0' } } }]);
    const { status, text, headers } = await post('/users/track', seen('u1'));
    expect([status, text, headers.get('x-ratelimit-remaining')]).toEqual([201, '<html>', '0']);
    expect(names()).toEqual(['Seen']);
    expect(sandbox.requests()).toMatchObject([{ status: 201, reply: '<html>' }]);
  });

  it('rule 50: cuts the connection before anything is applied', async () => {
    const sandbox = await start();
    sandbox.addFaults([{ do: { reset: 'before' } }]);
    await cut();
    expect(names()).toEqual([]);
    expect(sandbox.requests()).toMatchObject([{ status: null, reply: null }]);
  });

  it('rule 50: cuts the connection after everything is applied', async () => {
    const sandbox = await start();
    sandbox.addFaults([{ do: { reset: 'after' } }]);
    await cut();
    expect(names()).toEqual(['Seen']);
    expect(sandbox.requests()).toMatchObject([{ status: 201, reply: null }]);
  });

  it('rule 50: applies and never answers, until it is closed', async () => {
    const sandbox = await start();
    sandbox.addFaults([{ do: { hang: true } }]);
    const hanging = post('/users/track', seen('u1'));
    const ended = expect(hanging).rejects.toThrow('fetch failed');
    await expect.poll(names).toEqual(['Seen']);
    await running.close();
    await ended;
  });

  it('rule 50: sends the body in pieces, after the headers', async () => {
    const sandbox = await start();
    sandbox.addFaults([{ do: { trickleMs: 200 } }]);
    const begin = performance.now();
    const reply = await fetch(`${running.url}/users/track`, {
      method: 'POST',
      body: JSON.stringify(seen('u1')),
      headers: { authorization: 'Bearer k' },
    });
    const headersMs = performance.now() - begin;
    expect(await reply.json()).toEqual({ events_processed: 1, message: 'success' });
    expect(performance.now() - begin - headersMs).toBeGreaterThan(100);
  });

  it('rule 50: leaves a client alone that goes away in the middle of a slow body', async () => {
    const sandbox = await start();
    sandbox.addFaults([{ times: 1, do: { trickleMs: 60_000 } }]);
    const gone = new AbortController();
    const reply = await fetch(`${running.url}/users/track`, {
      method: 'POST',
      body: JSON.stringify(seen('u1')),
      headers: { authorization: 'Bearer k' },
      signal: gone.signal,
    });
    gone.abort();
    await expect(reply.text()).rejects.toThrow('aborted');
    expect((await post('/users/track', seen('u1'))).status).toBe(201);
  });

  it('rule 50: answers 202 queued and applies; what the rules refuse stays refused', async () => {
    const sandbox = await start();
    sandbox.addFaults([{ do: { queued: true } }]);
    expect(await post('/users/track', seen('u1'))).toMatchObject({
      status: 202,
      body: { message: 'queued' },
    });
    expect(names()).toEqual(['Seen']);
    expect((await post('/users/track', {})).status).toBe(400);
  });

  it('rule 50: delays the reply by its own time on top of the latency, and applies before', async () => {
    const sandbox = await start({ latencyMs: 120 });
    sandbox.addFaults([{ do: { delayMs: 150 } }]);
    const started = performance.now();
    const answeredAfter = post('/users/track', seen('u1')).then(() => performance.now() - started);
    await expect.poll(names, { interval: 1 }).toEqual(['Seen']);
    const appliedAfter = performance.now() - started;
    // Node's timers may fire a millisecond early.
    expect(await answeredAfter).toBeGreaterThanOrEqual(268);
    expect(appliedAfter).toBeLessThan(await answeredAfter);
  });

  it('hits the requests of one user alone', async () => {
    const sandbox = await start();
    sandbox.addFaults([{ match: { externalId: 'u1' }, do: { status: 500 } }]);
    expect((await post('/users/track', seen('u1'))).status).toBe(500);
    expect((await post('/users/track', seen('u2'))).status).toBe(201);
  });

  it('refuses a bad rule in process and over HTTP by the name of its field', async () => {
    const sandbox = await start();
    const message = 'faults[0].do.status: expected an integer from 200 to 599';
    expect(() => sandbox.addFaults([{ do: { status: 1 } }])).toThrow(message);
    const bad = await post('/_sandbox/faults', [{ do: { status: 1 } }]);
    expect({ status: bad.status, body: bad.body }).toEqual({ status: 400, body: { message } });
    expect((await post('/_sandbox/faults', '{')).status).toBe(400);
    expect((await post('/users/track', seen('u1'))).status).toBe(201);
  });

  it('can be added and cleared over HTTP', async () => {
    await start();
    expect((await post('/_sandbox/faults', [{ do: { status: 500 } }])).status).toBe(201);
    expect((await post('/users/track', seen('u1'))).status).toBe(500);
    await fetch(`${running.url}/_sandbox/faults`, { method: 'DELETE' });
    expect((await post('/users/track', seen('u1'))).status).toBe(201);
  });
});

describe('what it shows', () => {
  const get = async (path: string) => (await fetch(running.url + path)).json();

  it('lists the users over HTTP as in process', async () => {
    const sandbox = await start();
    for (const id of ['u1', 'u2']) await post('/users/track', seen(id));
    expect(await get('/_sandbox/users')).toEqual({ users: sandbox.users() });
    expect(sandbox.users()).toHaveLength(2);
  });

  it('lists the last requests as they were sent and appends every one to the file', async () => {
    const recordFile = join(folder, 'requests.ndjson');
    const at = '2026-11-22T12:00:00.000Z';
    const sandbox = await start({ keep: 2, recordFile, now: () => Date.parse(at) });
    const future = { events: [{ external_id: 'u1', name: 'Seen', time: '2030-01-01' }] };
    await post('/users/track', seen('gone'));
    await post('/users/track?x=1', JSON.stringify(future, null, 2));
    await post('/nope', 'no JSON\n');
    const reply = { events_processed: 1, message: 'success' };
    const expected = [
      { id: 2, at, path: '/users/track', status: 201, body: future, reply },
      { id: 3, at, path: '/nope', status: 404, body: 'no JSON\n', reply: { message: 'Invalid URL' } },
    ];
    expect(sandbox.requests()).toEqual(expected);
    expect(await get('/_sandbox/requests')).toEqual({ requests: expected });
    const lines = readFileSync(recordFile, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ id: 1 }), ...expected]);
  });

  it('keeps no request with --keep 0', async () => {
    const sandbox = await start({ keep: 0 });
    await post('/users/track', seen('u1'));
    expect(sandbox.requests()).toEqual([]);
  });

  it('is as after the start when it was emptied', async () => {
    const sandbox = await start({ applyDelayMs: 60_000, rateLimit: 2 });
    await post('/users/track', seen('u1'));
    sandbox.flush();
    await post('/users/track', seen('u2'));
    sandbox.addFaults([{ do: { status: 500 } }]);
    await fetch(`${running.url}/_sandbox`, { method: 'DELETE' });
    sandbox.flush();
    expect([sandbox.users(), sandbox.requests()]).toEqual([[], []]);
    expect((await post('/users/track', seen('u1'))).status).toBe(201);
  });

  it('answers 404 to a helper path that it does not have', async () => {
    await start();
    expect((await fetch(`${running.url}/_sandbox/nope`)).status).toBe(404);
  });
});

describe('the server', () => {
  it('closes idle connections after its keep-alive timeout', async () => {
    await start({ keepAliveTimeoutMs: 1 });
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    socket.resume();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('GET /_sandbox/users HTTP/1.1\r\nhost: x\r\n\r\n');
    await closed;
  });

  it('refuses a port that is taken with the error of the system', async () => {
    await start();
    const { port } = new URL(running.url);
    await expect(startSandbox({ port: Number(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes twice without complaint', async () => {
    await start({ recordFile: join(folder, 'requests.ndjson') });
    await running.close();
    await running.close();
  });
});
