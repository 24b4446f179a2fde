/** `brazier explain` on the real process: what became of an event, and what a kill or a lost reply left in doubt. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Doubtful } from '../../src/explain/doubtful.ts';
import type { Explained } from '../../src/explain/shown.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, type Ready, type ServerProcess, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The machine may be busy with other tests. */
const patient = { timeout: 60_000, interval: 20 };

async function rig(destination: Record<string, unknown> = {}) {
  const { sandbox, url, close } = await startSandbox({ keep: 10_000 });
  const folder = makeFolder(url, { lingerMs: 5, ...destination });
  let server: ServerProcess;
  let ready: Ready;
  const start = async () => {
    server = startProcess(['serve', '--config', folder.configFile]);
    ready = await server.ready;
  };
  const end = async (signal: NodeJS.Signals) => {
    server.kill(signal);
    await server.exited;
  };
  await start();
  cleanups.push(folder.remove, close, () => end('SIGKILL'));
  const post = (...batch: object[]) =>
    fetch(`${ready.http}/v1/batch`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}` },
      body: JSON.stringify({ batch }),
    });
  const metric = async (name: string) => {
    const text = await (await fetch(`${ready.admin}/metrics`)).text();
    const samples = text.matchAll(new RegExp(`^${name}(?:{[^}]*})? ([0-9.e+-]+)$`, 'gm'));
    return samples.reduce((sum, [, value]) => sum + Number(value), 0);
  };
  const explain = async (...args: string[]) => {
    const child = startProcess(['explain', ...args, '--json', '--config', folder.configFile]);
    const code = await child.exited;
    return { code, stdout: child.stdout(), stderr: child.stderr() };
  };
  const admin = async (path: string) => {
    const authorization = `Bearer ${readFileSync(folder.tokenFile, 'utf8').trim()}`;
    return (await fetch(`${ready.admin}${path}`, { headers: { authorization } })).json();
  };
  const doubtful = async () => (await admin('/explain/doubtful?limit=1000')) as Doubtful;
  const settled = () =>
    vi.waitFor(async () => {
      const open = [await metric('brazier_backlog_events'), await metric('brazier_events_in_flight')];
      expect(open).toEqual([0, 0]);
    }, patient);
  /** How often Braze took a request with this event. */
  const arrivals = (id: string) =>
    sandbox.requests().filter(({ body }) => JSON.stringify(body).includes(`"${id}"`)).length;
  return { sandbox, start, end, post, metric, explain, admin, doubtful, settled, arrivals };
}

const event = (id: string, more: object = {}) => ({
  type: 'track',
  userId: `user of ${id}`,
  event: 'Step',
  messageId: id,
  properties: { id, secret: 'canary-trait' },
  ...more,
});

const RESERVED = { code: 'reserved_trait', path: 'context.traits.external_id' };

describe('brazier explain', () => {
  it('tells of an event, its repeats and replays, with and without the server, and of persons only when asked', {
    timeout: 180_000,
  }, async () => {
    const t = await rig();
    const context = { traits: { email: 'canary-mail@example.com', external_id: 'x' } };
    await t.post(event('one', { context }), event('off', { integrations: { All: false } }));
    await t.post(event('one', { event: 'Other' }));
    await t.settled();
    const asked = await t.explain('one');
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(asked.stdout).not.toContain('canary');
    expect(asked.stdout).not.toContain('user of one');
    const { records } = JSON.parse(asked.stdout) as Explained;
    expect(records).toHaveLength(2);
    const [destination] = records[1]!.destinations;
    expect(records[1]).toMatchObject({ source: 'shop', position: 'brazier.events/0/0', replayFor: null });
    expect(destination).toMatchObject({
      destination: 'braze',
      plan: { status: 'operations', warnings: [{ code: 'missing_time' }, RESERVED] },
      standing: { state: 'delivered', mayHaveCountedTwice: false },
      halted: null,
    });
    expect(destination!.requests).toMatchObject([
      { endpoint: '/users/track', state: 'ended', attempts: [{ status: 201, what: 'final' }] },
    ]);
    expect((await t.explain('one', '--show-payload')).stdout).toContain('canary-mail@example.com');
    expect(JSON.parse((await t.explain('off')).stdout).records[0].destinations[0].standing).toMatchObject({
      state: 'filtered',
      code: 'integration_disabled',
    });
    await t.end('SIGTERM');
    expect(await t.explain('one')).toEqual(asked);
    expect(await t.explain('nobody')).toMatchObject({ code: 1, stderr: 'nothing is known of nobody\n' });
    expect(await t.explain()).toMatchObject({ code: 2 });
  });

  it('names the requests that kills left in doubt, exactly, and what arrived twice is among them', {
    timeout: 180_000,
  }, async () => {
    const t = await rig();
    await t.post(event('before'));
    await t.settled();
    const batches = await killUnderWay(t, 3);
    const { requests } = await t.doubtful();
    const listed = requests.flatMap(({ events }) => events.map(({ messageId }) => messageId));
    expect(listed.sort()).toEqual(batches.flat().sort());
    expect(requests).toHaveLength(3);
    for (const id of batches.flat()) expect(t.arrivals(id)).toBe(2);
    expect(t.arrivals('before')).toBe(1);
    const { records } = (await t.admin(`/explain?messageId=${batches[0]![0]}`)) as Explained;
    expect(records[0]!.destinations[0]!.standing).toEqual({ state: 'delivered', mayHaveCountedTwice: true });
    expect(records[0]!.destinations[0]!.requests).toMatchObject([
      { attemptCount: 0, inDoubt: true },
      { inDoubt: false },
    ]);
  });

  it('with `hold` kills double no event: what was under way is a dead letter and listed', {
    timeout: 180_000,
  }, async () => {
    const t = await rig({ uncertain: 'hold' });
    const batches = await killUnderWay(t, 3);
    const ids = batches.flat();
    for (const id of ids) expect(t.arrivals(id)).toBe(1);
    const { records } = (await t.admin(`/explain?messageId=${ids[0]}`)) as Explained;
    expect(records[0]!.destinations[0]!.standing).toMatchObject({
      state: 'dead_letter',
      kind: 'uncertain',
      code: 'in_flight_at_crash',
      mayHaveCountedTwice: true,
    });
    const { requests } = await t.doubtful();
    expect(requests.flatMap(({ events }) => events.map(({ messageId }) => messageId)).sort()).toEqual(
      ids.sort(),
    );
  });

  it.each([
    ['resend', 2, 'delivered'],
    ['hold', 1, 'dead_letter'],
  ] as const)('lists what a lost reply left in doubt: uncertain: %s', async (uncertain, times, state) => {
    const t = await rig({ uncertain });
    t.sandbox.addFaults([{ match: { path: '/users/track' }, times: 1, do: { reset: 'after' } }]);
    await t.post(event('lost'));
    await t.settled();
    expect(t.arrivals('lost')).toBe(times);
    // The request's note ends in the write after the one that settled it.
    await vi.waitFor(async () => {
      const { requests } = await t.doubtful();
      expect(requests).toMatchObject([
        { events: [{ messageId: 'lost', parts: ['event:0'], source: 'shop' }] },
      ]);
    }, patient);
    const { records } = (await t.admin('/explain?messageId=lost')) as Explained;
    expect(records[0]!.destinations[0]!.standing).toMatchObject({ state, mayHaveCountedTwice: true });
  });
});

/** Posts a batch, kills the process while its one request is under way, starts it again; the ids of each batch. */
async function killUnderWay(t: Awaited<ReturnType<typeof rig>>, kills: number): Promise<string[][]> {
  const batches: string[][] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const ids = Array.from({ length: 5 }, (_, index) => `k${kill}-${index}`);
    t.sandbox.addFaults([{ match: { path: '/users/track' }, times: 1, do: { hang: true } }]);
    await t.post(...ids.map((id) => event(id)));
    await vi.waitFor(
      async () => expect(await t.metric('brazier_delivery_requests_running')).toBe(1),
      patient,
    );
    await vi.waitFor(() => expect(ids.map(t.arrivals)).toEqual(ids.map(() => 1)), patient);
    await t.end('SIGKILL');
    await t.start();
    await t.settled();
    batches.push(ids);
  }
  return batches;
}
