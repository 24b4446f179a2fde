import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type AlertsOptions, createAlerts } from '../../../src/alerts/alerts.ts';
import type { Signs } from '../../../src/alerts/signs.ts';
import { readTold, writeTold } from '../../../src/alerts/told-file.ts';
import type { AlertsConfig } from '../../../src/config/alerts-settings.ts';
import { CONFIG, destination, HALTED, MINUTE, startReceiver, TELLER, webhook } from './support.ts';

/** The machine may be busy with other tests. */
const SOON = { timeout: 60_000, interval: 10 };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function receiving() {
  const receiver = await startReceiver();
  cleanups.push(receiver.close);
  return receiver;
}

const halted: Signs = {
  destinations: [destination({ halted: 'key_refused', waiting: 3 })],
  log: null,
  disk: null,
};
const well: Signs = { destinations: [destination()], log: null, disk: null };

function rig(config: AlertsConfig, known: AlertsOptions['known'] = new Map()) {
  const clock = { ms: 0 };
  const posted: string[] = [];
  const alerts = createAlerts({
    config,
    teller: () => TELLER,
    known,
    now: () => ({ ms: clock.ms, at: 1_000_000 + clock.ms }),
    random: () => 1,
    onPosted: (id, result) => posted.push(`${id} ${result.ok ? 'sent' : result.reason}`),
  });
  cleanups.push(alerts.stop);
  return {
    alerts,
    posted,
    clock,
    /** A look each second, each waiting for the webhooks. */
    async look(signs: Signs, seconds: number) {
      for (let second = 0; second < seconds; second += 1) {
        clock.ms += 1_000;
        alerts.look(signs);
        await alerts.idle();
      }
    },
  };
}

const states = (receiver: Awaited<ReturnType<typeof startReceiver>>) =>
  receiver.bodies().map(({ state, reminder }) => (reminder > 0 ? `${state} ${reminder}` : state));

it('tells of a halt after its hold, once, and once when it is over', async () => {
  const receiver = await receiving();
  const t = rig({ ...CONFIG, webhooks: [webhook(receiver.url)] });
  await t.look(halted, 60);
  expect(states(receiver)).toEqual([]);
  await t.look(halted, 1);
  expect(states(receiver)).toEqual(['firing']);
  await t.look(halted, 300);
  await t.look(well, 119);
  expect(states(receiver)).toEqual(['firing']);
  await t.look(well, 200);
  expect(states(receiver)).toEqual(['firing', 'resolved']);
  const [firing, resolved] = receiver.bodies();
  expect(resolved.id).toBe(firing.id);
});

it('says again that it goes on', async () => {
  const receiver = await receiving();
  const t = rig({ ...CONFIG, repeatMs: 2 * MINUTE, webhooks: [webhook(receiver.url)] });
  await t.look(halted, 302);
  expect(states(receiver)).toEqual(['firing', 'firing 1', 'firing 2']);
});

describe('a webhook that is away', () => {
  it('is tried more and more seldom, and then hears how things stand', async () => {
    const receiver = await receiving();
    receiver.answer(() => ({ status: 503 }));
    const t = rig({ ...CONFIG, webhooks: [webhook(receiver.url)] });
    await t.look(halted, 61 + 600);
    // Pauses of 5, 10, 20, 40, 80, 160 and 300 s: seven tries in ten minutes.
    expect(receiver.received).toHaveLength(7);
    receiver.answer(() => ({ status: 200 }));
    await t.look(halted, 300);
    expect(new Set(receiver.bodies().map(({ id }) => id)).size).toBe(1);
    expect(t.posted.at(-1)).toBe('ops sent');
    await t.look(halted, 300);
    expect(receiver.received).toHaveLength(8);
  });

  it('hears nothing of what was over before it could be told', async () => {
    const receiver = await receiving();
    receiver.answer(() => ({ status: 404 }));
    const t = rig({ ...CONFIG, webhooks: [webhook(receiver.url)] });
    await t.look(halted, 61);
    await t.look(well, 130);
    receiver.received.splice(0);
    receiver.answer(() => ({ status: 200 }));
    await t.look(well, 600);
    expect(receiver.received).toEqual([]);
  });

  it('is left alone for as long as it asks', async () => {
    const receiver = await receiving();
    receiver.answer(() => ({ status: 429, headers: { 'retry-after': '120' } }));
    const t = rig({ ...CONFIG, webhooks: [webhook(receiver.url)] });
    await t.look(halted, 61 + 119);
    expect(receiver.received).toHaveLength(1);
    await t.look(halted, 1);
    expect(receiver.received).toHaveLength(2);
  });

  it('holds up nobody: neither another webhook, nor a look, nor the stop', async () => {
    const [silent, other] = [await receiving(), await receiving()];
    silent.answer(() => null);
    const webhooks = [webhook(silent.url, { id: 'silent' }), webhook(other.url, { id: 'other' })];
    const t = rig({ ...CONFIG, holdMs: 0, webhooks });
    t.alerts.look(halted);
    await expect.poll(() => t.posted, SOON).toEqual(['other sent']);
    await expect.poll(() => silent.received.length, SOON).toBe(1);
    for (let look = 0; look < 10; look += 1) t.alerts.look(halted);
    expect(silent.received).toHaveLength(1);
    expect(t.alerts.waiting()).toEqual(
      new Map([
        ['silent', 1],
        ['other', 0],
      ]),
    );
    t.alerts.stop();
    await t.alerts.idle();
    expect(t.posted).toEqual(['other sent', 'silent err_aborted']);
    expect(t.alerts.told().get('silent')).toMatchObject([{ isUnsure: true }]);
  });
});

describe('other settings', () => {
  it('are in force from the next look on, and what was told stays told', async () => {
    const [before, after] = [await receiving(), await receiving()];
    const t = rig({ ...CONFIG, webhooks: [webhook(before.url)] });
    await t.look(halted, 61);
    t.alerts.adopt({ ...CONFIG, resolveAfterMs: 1_000, webhooks: [webhook(after.url, { form: 'slack' })] });
    await t.look(halted, 10);
    expect(after.received).toEqual([]);
    await t.look(well, 2);
    expect(before.received).toHaveLength(1);
    expect(after.bodies()).toMatchObject([
      { text: expect.stringContaining('Over: BrazierDestinationHalted') },
    ]);
  });

  it('tell a new webhook what fires, and nothing to one that is gone', async () => {
    const [gone, fresh] = [await receiving(), await receiving()];
    const t = rig({ ...CONFIG, webhooks: [webhook(gone.url)] });
    await t.look(halted, 61);
    t.alerts.adopt({ ...CONFIG, webhooks: [webhook(fresh.url, { id: 'fresh' })] });
    await t.look(halted, 1);
    await t.look(well, 121);
    expect(states(fresh)).toEqual(['firing', 'resolved']);
    expect(states(gone)).toEqual(['firing']);
    expect([...t.alerts.told().keys()]).toEqual(['fresh']);
  });

  it('that bring the first webhook tell it nothing of what was before', async () => {
    const receiver = await receiving();
    const t = rig(CONFIG);
    const letters = (rejected: number): Signs => ({
      ...well,
      destinations: [destination({ rejected, settled: rejected })],
    });
    t.clock.ms = 600_000;
    t.alerts.adopt({ ...CONFIG, webhooks: [webhook(receiver.url)] });
    await t.look(letters(50), 10);
    expect(receiver.received).toEqual([]);
    await t.look(letters(51), 1);
    expect(receiver.bodies()).toMatchObject([{ summary: expect.stringContaining(': 1 within') }]);

    t.alerts.adopt(CONFIG);
    t.clock.ms += 3_600_000;
    t.alerts.adopt({ ...CONFIG, webhooks: [webhook(receiver.url)] });
    await t.look(letters(90), 10);
    expect(receiver.received).toHaveLength(1);
  });

  it('that take a webhook away while it is told of something tell it nothing more', async () => {
    const receiver = await receiving();
    const t = rig({ ...CONFIG, holdMs: 0, webhooks: [webhook(receiver.url)] });
    receiver.answer(() => {
      t.alerts.adopt(CONFIG);
      return { status: 200 };
    });
    const both = ['a', 'b'].map((id) => destination({ id, halted: 'key_refused' }));
    t.alerts.look({ ...well, destinations: both });
    await expect.poll(() => receiver.received.length, SOON).toBe(1);
    await t.look({ ...well, destinations: both }, 10);
    expect(receiver.received).toHaveLength(1);
    expect(t.posted).toEqual([]);
  });
});

it('a log that does not answer is not well again', async () => {
  const receiver = await receiving();
  const t = rig({ ...CONFIG, holdMs: 0, webhooks: [webhook(receiver.url)] });
  await t.look({ ...well, log: { heldShare: 0.9 } }, 1);
  await t.look({ ...well, log: 'unknown' }, 600);
  expect(states(receiver)).toEqual(['firing']);
  await t.look({ ...well, log: { heldShare: 0.1 } }, 121);
  expect(states(receiver)).toEqual(['firing', 'resolved']);
});

describe('a restart', () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'brazier-test-'));
    cleanups.push(() => rmSync(path, { recursive: true }));
    return join(path, 'alerts.json');
  };

  it('is followed by the recovery message, and by no second one that it fires', async () => {
    const receiver = await receiving();
    const config = { ...CONFIG, webhooks: [webhook(receiver.url)] };
    const file = folder();
    const first = rig(config);
    await first.look(halted, 61);
    await writeTold(file, first.alerts.told(), { ms: first.clock.ms, at: 0 });
    first.alerts.stop();
    const second = rig(config, readTold(file, { ms: 0, at: 0 }));
    await second.look(well, 30);
    await second.look(halted, 300);
    expect(states(receiver)).toEqual(['firing']);
    await second.look(well, 121);
    expect(states(receiver)).toEqual(['firing', 'resolved']);
    expect(receiver.bodies()[1].id).toBe(receiver.bodies()[0].id);
  });

  it('with other webhooks tells these nothing of what was told to those', async () => {
    const receiver = await receiving();
    const told = [{ alert: HALTED, toldMs: 0, reminders: 1, isUnsure: false }];
    const t = rig({ ...CONFIG, webhooks: [webhook(receiver.url)] }, new Map([['gone', told]]));
    await t.look(well, 200);
    expect(receiver.received).toEqual([]);
  });

  it('keeps how long ago it was told, and neither addresses nor keys', async () => {
    const file = folder();
    const told = [{ alert: HALTED, toldMs: 4_000, reminders: 2, isUnsure: false }];
    await writeTold(file, new Map([['ops', told]]), { ms: 10_000, at: 1_000_000 });
    expect(readFileSync(file, 'utf8')).toContain('"toldAt":994000');
    const read = readTold(file, { ms: 500, at: 1_001_000 });
    expect(read).toEqual(new Map([['ops', [{ ...told[0], toldMs: 500 - 7_000 }]]]));
  });

  it('begins anew without the file, or with one that is damaged', () => {
    const file = folder();
    expect(readTold(file, { ms: 0, at: 0 })).toEqual(new Map());
    expect(readTold(join(import.meta.dirname, 'support.ts'), { ms: 0, at: 0 })).toEqual(new Map());
    for (const alert of [null, {}, { ...HALTED, since: 'yesterday' }]) {
      writeFileSync(
        file,
        JSON.stringify({ version: 1, webhooks: { ops: [{ alert, toldAt: 1, reminders: 0 }] } }),
      );
      expect(readTold(file, { ms: 0, at: 0 }), JSON.stringify(alert)).toEqual(new Map());
    }
  });
});
