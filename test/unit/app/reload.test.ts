import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { changedFixedKeys, createReload } from '../../../src/app/reload.ts';
import { TurnsClosed } from '../../../src/app/turns.ts';
import type { LoadedConfig } from '../../../src/config/check-written.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const config = (more = '', writeKey = 'canary-key'): LoadedConfig =>
  parseConfig(
    'brazier.yaml',
    `${more}
sources: [{ id: shop, writeKey: ${writeKey} }]
destinations: [{ id: braze, restEndpoint: 'http://127.0.0.1:9', restApiKey: canary-api-key }]`,
    {},
  );

function rig(adopt: () => Promise<readonly string[]> = async () => ['braze']) {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const metrics = createMetrics({ version: 'test' }, { processMetrics: false });
  const loaded = config();
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  let now = 1_000;
  const reload = createReload({
    config: loaded.config,
    adopt,
    metrics,
    now: () => now,
    logger: createLogger({ level: 'info', stream }),
  });
  const counts = async () => {
    const { values } = await metrics.configReloads.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.outcome, value]));
  };
  const at = async () => (await metrics.configReloadedAt.get()).values[0]?.value;
  return { reload, lines, counts, at, tick: () => (now = 5_000) };
}

it('takes over a good file, counts it, and says what changed', async () => {
  const t = rig();
  expect(await t.at()).toBe(1);
  t.tick();
  await t.reload(() => config());
  expect(await t.counts()).toEqual({ applied: 1, refused: 0, failed: 0 });
  expect(await t.at()).toBe(5);
  expect(t.lines).toMatchObject([{ msg: 'configuration reloaded', changed: ['braze'] }]);
});

it('refuses every fault of a file with its place, and takes over nothing', async () => {
  let adopted = 0;
  const t = rig(async () => {
    adopted += 1;
    return [];
  });
  t.tick();
  await t.reload(() => config('unheardOf: 1\nother: 2'));
  expect(adopted).toBe(0);
  expect(await t.at()).toBe(1);
  expect(await t.counts()).toMatchObject({ refused: 1 });
  expect(t.lines).toMatchObject([
    { code: 'config_refused', file: 'brazier.yaml', line: 1, path: 'unheardOf', level: 'error' },
    { code: 'config_refused', file: 'brazier.yaml', line: 2, path: 'other', level: 'error' },
  ]);
});

it('refuses by name what was fixed at the start, beside whatever else changed', async () => {
  const t = rig();
  await t.reload(() => config('http: { port: 9999 }\nlog: { path: /x }\ndeadLetters: { retainDays: 2 }'));
  expect(await t.counts()).toMatchObject({ refused: 1, applied: 0 });
  const paths = t.lines.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['http.port', 'log.path', 'deadLetters.retainDays']));
  expect(t.lines.every(({ msg }) => String(msg).includes('restart'))).toBe(true);
});

it('masks the secrets of the new file from then on', async () => {
  const t = rig(async () => {
    throw new Error('cannot adopt brand-new-key');
  });
  await t.reload(() => config('', 'brand-new-key'));
  expect(await t.counts()).toMatchObject({ failed: 1 });
  expect(t.lines).toMatchObject([{ code: 'config_not_applied' }]);
  expect(JSON.stringify(t.lines)).not.toContain('brand-new-key');
});

it('asked while it is busy reads once more, not as often as it was asked', async () => {
  const gate = Promise.withResolvers<void>();
  const t = rig(async () => {
    await gate.promise;
    return [];
  });
  let loads = 0;
  const load = () => {
    loads += 1;
    return config();
  };
  const all = Array.from({ length: 5 }, () => t.reload(load));
  expect(loads).toBe(1);
  gate.resolve();
  await Promise.all(all);
  expect(loads).toBe(2);
  await t.reload(load);
  expect(loads).toBe(3);
});

it('compares with what was taken over last, and goes on after a failure', async () => {
  let isBroken = true;
  const t = rig(async () => {
    if (isBroken) throw new Error('disk full');
    return [];
  });
  await t.reload(() => config());
  isBroken = false;
  await t.reload(() => config());
  expect(await t.counts()).toEqual({ applied: 1, refused: 0, failed: 1 });
});

it('is refused while the server stops, without an error of its own', async () => {
  const t = rig(async () => {
    throw new TurnsClosed();
  });
  await t.reload(() => config());
  expect(await t.counts()).toMatchObject({ refused: 1 });
  expect(String(t.lines[0]?.msg)).toContain('stopping');
});

it('a reader of secrets that is made anew is no change; another topic to read is one', () => {
  const onKafka = (topic: string) => {
    const loaded = config(`log:
  kind: kafka
  brokers: [ '127.0.0.1:9' ]
  sasl: { mechanism: plain, username: u, password: canary-password }
subscriptions: [{ topic: ${topic}, source: shop }]
`);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    return loaded.config;
  };
  expect(changedFixedKeys(onKafka('orders'), onKafka('orders'))).toEqual([]);
  expect(changedFixedKeys(onKafka('orders'), onKafka('refunds'))).toEqual(['subscriptions']);
});
