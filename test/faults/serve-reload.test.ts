/** The real process reads its configuration again: what it takes over, what it refuses, and that no event notices. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { expectPromiseKept, judge } from '../support/judge.ts';
import { startProducer } from '../support/producer.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The machine may be busy with other tests. */
const patient = { timeout: 60_000, interval: 20 };

async function newSandbox(options: Parameters<typeof startSandbox>[0] = {}) {
  const { sandbox, url, close } = await startSandbox({ rateLimit: 1_000_000, keep: 100_000, ...options });
  cleanups.push(close);
  return { sandbox, url };
}

async function rig(options: Parameters<typeof startSandbox>[0] = {}, more: Record<string, unknown> = {}) {
  const { sandbox, url } = await newSandbox(options);
  const folder = makeFolder(url, { lingerMs: 10, identifyQuietMs: 50, ...more });
  const server = startProcess(['serve', '--config', folder.configFile]);
  cleanups.push(folder.remove, async () => {
    server.kill('SIGKILL');
    await server.exited;
  });
  const ready = await server.ready;

  /** The sums of metrics over all their labels. */
  async function scrape() {
    const text = await (await fetch(`${ready.admin}/metrics`)).text();
    return (name: string, label = '') =>
      [...text.matchAll(new RegExp(`^${name}(?:{([^}]*)})? (\\S+)$`, 'gm'))]
        .filter(([, labels]) => (labels ?? '').includes(label))
        .reduce((sum, [, , value]) => sum + Number(value), 0);
  }

  /** Changes the file; the reload itself is another step. */
  function edit(change: (config: Config) => void): void {
    const config = parse(readFileSync(folder.configFile, 'utf8')) as Config;
    change(config);
    writeFileSync(folder.configFile, stringify(config));
  }

  async function reload(outcome: 'applied' | 'refused'): Promise<void> {
    const count = async () => (await scrape())('brazier_config_reloads_total', `outcome="${outcome}"`);
    const before = await count();
    server.kill('SIGHUP');
    await vi.waitFor(async () => expect(await count()).toBe(before + 1), patient);
  }

  async function post(key: string, event = 'e', count = 1): Promise<number> {
    const batch = Array.from({ length: count }, (_, i) => ({ type: 'track', userId: `u${i}`, event }));
    const reply = await fetch(`${ready.http}/v1/batch`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` },
      body: JSON.stringify({ batch }),
    });
    await reply.text();
    return reply.status;
  }

  const errors = () =>
    server
      .stderr()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { sandbox, folder, server, ready, scrape, edit, reload, post, errors };
}

interface Config {
  http: Record<string, unknown>;
  sources: Record<string, unknown>[];
  destinations: Record<string, unknown>[];
  [more: string]: unknown;
}

const eventNames = (sandbox: Awaited<ReturnType<typeof newSandbox>>['sandbox']) =>
  sandbox.users().map(({ events }) => events.map(({ name }) => name));

describe('a reload under load', () => {
  it('rotates a key, changes a mapping and the concurrency, adds a destination and takes it out: nothing is lost, doubled or reordered, and the metrics add up', {
    timeout: 180_000,
  }, async () => {
    const t = await rig({ latencyMs: 30 }, { concurrency: { start: 4, max: 4 } });
    const other = await newSandbox();
    let writeKey = t.folder.writeKey;
    const producer = startProducer({
      url: () => t.ready.http,
      get writeKey() {
        return writeKey;
      },
      lanes: 4,
      peoplePerLane: 20,
      eventsPerBatch: 50,
    });
    const more = async (batches: number) => {
      const goal = producer.acknowledged.size + batches * 50;
      await vi.waitFor(() => expect(producer.acknowledged.size).toBeGreaterThan(goal), patient);
    };
    const expectSums = async () => {
      const of = await t.scrape();
      const [read, backlog] = ['brazier_events_read_total', 'brazier_backlog_events'].map((name) =>
        of(name, 'destination="braze"'),
      );
      const outcomes = of('brazier_events_total', 'destination="braze"');
      expect(outcomes + of('brazier_events_in_flight', 'destination="braze"')).toBe(read);
      expect(read! + backlog!).toBe(of('brazier_ingest_events_total', 'outcome="accepted"'));
    };
    await more(4);
    t.edit(({ sources }) => {
      sources[0]!.writeKey = [t.folder.writeKey, 'canary-new-write-key'];
    });
    await t.reload('applied');
    writeKey = 'canary-new-write-key';
    await more(12);
    t.edit(({ sources, destinations }) => {
      sources[0]!.writeKey = 'canary-new-write-key';
      destinations[0]!.mappings = { events: [{ name: 'Step', rename: 'Renamed' }] };
      destinations.push({ id: 'other', restEndpoint: other.url, restApiKey: 'other-key', lingerMs: 5 });
    });
    await t.reload('applied');
    expect(await t.post(t.folder.writeKey)).toBe(401);
    await vi.waitFor(() => expect(eventNames(t.sandbox).flat()).toContain('Renamed'), patient);
    for (const max of [2, 6, 3]) {
      t.edit(({ destinations }) => {
        destinations[0]!.concurrency = { start: 2, max };
      });
      await t.reload('applied');
      for (let turn = 0; turn < 5; turn += 1) await expectSums();
      await more(2);
    }
    t.edit(({ destinations }) => {
      destinations.pop();
    });
    await t.reload('applied');
    const seenByOther = other.sandbox.requests().length;
    expect(seenByOther).toBeGreaterThan(0);
    await more(2);
    await producer.stop();
    await vi.waitFor(async () => {
      const of = await t.scrape();
      expect(of('brazier_backlog_events') + of('brazier_events_in_flight')).toBe(0);
    }, patient);
    await expectSums();
    expect(other.sandbox.requests().length).toBe(seenByOther);
    const requests = t.sandbox.requests();
    const judgement = judge({ producer, requests, letters: new Set(), lifeOf: () => 0 });
    expectPromiseKept(judgement, 0);
    expect(judgement.doubled).toBe(0);
    const switches = eventNames(t.sandbox).map((names) => names.join(' ').replaceAll(/(\w+)( \1)+/g, '$1'));
    expect(new Set(switches).size).toBeGreaterThan(0);
    for (const names of switches) expect(['Step Renamed', 'Step', 'Renamed', '']).toContain(names);
    expect(switches).toContain('Step Renamed');
    const texts = t.server.stderr() + t.server.stdout();
    for (const secret of ['canary-new-write-key', 'other-key']) expect(texts).not.toContain(secret);
    expect(texts).not.toContain('was killed');
    expect(t.errors()).toEqual([]);
  });
});

describe('a reload', () => {
  it('row 53: refuses a bad file whole, with file, line and path, and what needs a restart by its name', {
    timeout: 180_000,
  }, async () => {
    const t = await rig();
    const good = readFileSync(t.folder.configFile, 'utf8');
    const refuses = async (text: string, ...said: string[]) => {
      const before = t.errors().length;
      writeFileSync(t.folder.configFile, text);
      await t.reload('refused');
      const lines = t.errors().slice(before);
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(line).toMatchObject({ code: 'config_refused' });
      for (const each of said) expect(JSON.stringify(lines)).toContain(each);
      expect(await t.post(t.folder.writeKey)).toBe(200);
      expect(await t.post('second-key')).toBe(401);
      return lines;
    };
    const config = parse(good) as Config;
    const withSecond = (change: Record<string, unknown>) =>
      stringify({ ...config, sources: [{ id: 'shop', writeKey: 'second-key' }], ...change });
    const [line] = await refuses(withSecond({ unheardOf: 1 }), 'unheardOf');
    expect(line).toMatchObject({ file: t.folder.configFile, line: expect.any(Number), path: 'unheardOf' });
    await refuses(withSecond({ destinations: [{ id: 'braze', dataCenter: 'EU-01' }] }), 'restApiKey');
    await refuses(`${good}\n  :`, t.folder.configFile);
    await refuses(
      withSecond({ http: { port: 0, maxBodyBytes: 2048 }, log: { path: '/elsewhere' } }),
      'http.maxBodyBytes',
      'log.path',
      'restart',
    );
    expect((await t.scrape())('brazier_config_reloads_total', 'applied')).toBe(0);
    const startedAt = (await t.scrape())('brazier_config_last_reload_success_timestamp_seconds');
    writeFileSync(t.folder.configFile, withSecond({}));
    await t.reload('applied');
    expect(await t.post('second-key')).toBe(200);
    expect(await t.post(t.folder.writeKey)).toBe(401);
    const now = (await t.scrape())('brazier_config_last_reload_success_timestamp_seconds');
    expect(now).toBeGreaterThan(startedAt);
  });

  it('asked many times at once reads once more at most, disables a source, and waits for nobody while it stops', {
    timeout: 180_000,
  }, async () => {
    const t = await rig();
    expect(await t.post(t.folder.writeKey)).toBe(200);
    await vi.waitFor(() => expect(t.sandbox.users().length).toBe(1), patient);
    t.edit(({ sources, destinations }) => {
      sources[0]!.enabled = false;
      destinations[0]!.lingerMs = 20;
    });
    for (let time = 0; time < 5; time += 1) t.server.kill('SIGHUP');
    const applied = async () => (await t.scrape())('brazier_config_reloads_total', 'applied');
    await vi.waitFor(async () => expect(await applied()).toBeGreaterThan(0), patient);
    expect(await t.post(t.folder.writeKey)).toBe(404);
    await wait(200);
    expect(await applied()).toBeLessThan(4);
    t.edit(({ sources }) => {
      sources[0]!.enabled = true;
    });
    await t.reload('applied');
    t.sandbox.addFaults([{ times: 1, do: { delayMs: 1_500 } }]);
    expect(await t.post(t.folder.writeKey, 'last')).toBe(200);
    await vi.waitFor(() => expect(t.sandbox.requests().length).toBe(2), patient);
    t.server.kill('SIGTERM');
    t.server.kill('SIGHUP');
    expect(await t.server.exited).toBe(0);
    expect(t.sandbox.requests().length).toBe(2);
    expect(eventNames(t.sandbox)).toEqual([['e', 'last']]);
  });

  it('counts a source and a destination that it brings from 0 on, as those of the start', {
    timeout: 180_000,
  }, async () => {
    const t = await rig();
    const zeros = async () => {
      const text = await (await fetch(`${t.ready.admin}/metrics`)).text();
      return text
        .split('\n')
        .filter((line) => /^brazier_(ingest_events|delivery_attempts)_total\{/.test(line));
    };
    const before = await zeros();
    expect(before.length).toBeGreaterThan(0);
    t.edit(({ sources, destinations }) => {
      sources.push({ id: 'late', writeKey: 'late-key' });
      destinations.push({ ...destinations[0], id: 'other' });
    });
    await t.reload('applied');
    const after = await zeros();
    expect(after).toHaveLength(2 * before.length);
    expect(after.every((line) => line.endsWith(' 0'))).toBe(true);
  });

  it('with the right key, or the right host, lets a halted destination go on at once: everything once', {
    timeout: 180_000,
  }, async () => {
    const t = await rig({ apiKey: 'right-key' }, { restApiKey: 'wrong-key', uncertain: 'hold' });
    const elsewhere = await newSandbox();
    expect(await t.post(t.folder.writeKey, 'first', 200)).toBe(200);
    await vi.waitFor(async () => expect((await t.scrape())('brazier_destination_halted')).toBe(1), patient);
    t.edit(({ destinations }) => {
      destinations[0]!.restApiKey = 'right-key';
    });
    await t.reload('applied');
    await vi.waitFor(() => expect(t.sandbox.users().length).toBe(200), patient);
    expect(eventNames(t.sandbox).every((names) => names.length === 1)).toBe(true);
    await vi.waitFor(async () => expect((await t.scrape())('brazier_destination_halted')).toBe(0), patient);
    t.edit(({ destinations }) => {
      destinations[0]!.restEndpoint = elsewhere.url;
    });
    await t.reload('applied');
    expect(await t.post(t.folder.writeKey, 'second', 50)).toBe(200);
    await vi.waitFor(() => expect(elsewhere.sandbox.users().length).toBe(50), patient);
    expect(eventNames(t.sandbox).flat()).not.toContain('second');
    expect((await t.scrape())('brazier_dead_letters')).toBe(0);
    expect(t.server.stderr()).not.toContain('was killed');
  });
});
