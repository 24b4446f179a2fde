/** The machine's date is set while events flow: waits and rates go on as if nothing had happened, times of events stay. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, inject, it, vi } from 'vitest';
import { createDice } from '../support/dice.ts';
import { fastClock, startFastDelivery } from '../support/fast-delivery.ts';
import { PATIENT, underFire } from '../support/harness.ts';
import { expectPromiseKept } from '../support/judge.ts';

const folder = mkdtempSync(join(tmpdir(), 'brazier-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HOUR_MS = 3_600_000;
const preload = pathToFileURL(join(import.meta.dirname, '../support/preload/date.ts')).href;

describe('row 45: a date that jumps', { timeout: 180_000 }, () => {
  it.each([
    ['an hour ahead', HOUR_MS],
    ['an hour back', -HOUR_MS],
  ])(
    '%s while Braze fails and throttles: a 429 is waited for as long as it says, all arrives in order',
    async (name, jumpMs) => {
      const file = join(folder, `${name}.txt`);
      writeFileSync(file, '0');
      const occurredAt = '2026-11-01T08:00:00.000Z';
      const judgement = await underFire(
        {
          load: { batchesPerLane: 30, eventsPerBatch: 5 },
          destination: { lingerMs: 2 },
          env: { NODE_OPTIONS: `--import=${preload}`, TEST_DATE_FILE: file },
          notJudged: ['Back Then'],
        },
        async ({ sandbox, drained, post }) => {
          sandbox.addFaults([{ times: 4, do: { status: 500 } }]);
          await vi.waitFor(() => expect(sandbox.requests().length).toBeGreaterThan(4), PATIENT);
          writeFileSync(file, String(jumpMs));
          const reset = Math.ceil(Date.now() / 1000) + 2;
          const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) };
          sandbox.addFaults([{ times: 3, do: { status: 429, headers } }]);
          expect(
            (await post({ type: 'track', userId: 'old', event: 'Back Then', timestamp: occurredAt })).status,
          ).toBe(200);
          const from = performance.now();
          await drained();
          // The reset is two or three seconds ahead: an hour too long would show, and an hour too short below.
          expect(performance.now() - from).toBeLessThan(45_000);
          const all = sandbox.requests().map(({ at, status }) => ({ at: Date.parse(at), status }));
          const refusedAt = all.find(({ status }) => status === 429)?.at ?? Number.NaN;
          const UNDER_WAY_MS = 700;
          expect(
            all.filter(({ at }) => at > refusedAt + UNDER_WAY_MS && at < reset * 1000),
            'requests before the reset',
          ).toEqual([]);
          const [old] = sandbox.users().filter(({ external_id }) => external_id === 'old');
          expect(old?.events).toMatchObject([{ name: 'Back Then', time: occurredAt }]);
          writeFileSync(file, '0');
        },
      );
      expect(judgement).toMatchObject({ doubled: 0, deadLetters: 0 });
    },
  );

  it('leaves the backoff as it is: the same failures, the same waits', async () => {
    const waits: number[][] = [];
    for (const jumpMs of [0, HOUR_MS, -HOUR_MS]) {
      const clock = fastClock(200);
      const asked: number[] = [];
      const counting = {
        ...clock,
        delay(ms: number, signal: AbortSignal) {
          asked.push(ms);
          clock.jump(jumpMs);
          return clock.delay(ms, signal);
        },
      };
      const rig = await startFastDelivery({ clock: counting, random: createDice(inject('seed')) });
      rig.sandbox.addFaults([{ times: 7, do: { status: 503 } }]);
      rig.add('kim');
      await vi.waitFor(() => expect(rig.open).toBe(0), PATIENT);
      expectPromiseKept(rig.judge(), 0);
      await rig.close();
      waits.push(asked);
    }
    expect(waits[0]?.length).toBeGreaterThan(6);
    expect(waits[1]).toEqual(waits[0]);
    expect(waits[2]).toEqual(waits[0]);
  });
});
