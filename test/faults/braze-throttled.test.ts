/** Braze says that it is asked too often: nothing goes before its window ends, in whichever words it says when that is. */
import { describe, expect, it, vi } from 'vitest';
import type { RecordedRequest } from '../../src/sandbox/server.ts';
import { PATIENT, UNDER_WAY, underFire } from '../support/harness.ts';

/** Without a word about when: Braze's window, 3 s. */
const WINDOW_MS = 3_000;

/** Ends of windows are whole seconds of the epoch. */
const epochIn = (ms: number) => Math.ceil((Date.now() + ms) / 1000);

const FORMS: [string, () => { headers: Record<string, string>; waitMs?: number; resetAt?: number }][] = [
  [
    'the reset as an epoch',
    () => {
      const reset = epochIn(1_500);
      return {
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) },
        resetAt: reset * 1000,
      };
    },
  ],
  ['the reset in seconds left', () => ({ headers: { 'x-ratelimit-reset': '2' }, waitMs: 2_000 })],
  ['X-Ratelimit-Retry-After', () => ({ headers: { 'x-ratelimit-retry-after': '2' }, waitMs: 2_000 })],
  ['Retry-After', () => ({ headers: { 'retry-after': '2' }, waitMs: 2_000 })],
  ['no word', () => ({ headers: {}, waitMs: WINDOW_MS })],
];

describe('row 24: a 429 storm', { timeout: 180_000 }, () => {
  it.each(FORMS)(
    'with %s: nothing goes before the reset, order is kept, nothing is lost',
    async (_, form) => {
      const judgement = await underFire(
        { load: { batchesPerLane: 40, eventsPerBatch: 3 }, destination: { lingerMs: 0 } },
        async ({ sandbox, drained }) => {
          const { headers, waitMs = 0, resetAt } = form();
          sandbox.addFaults([{ do: { status: 429, headers } }]);
          const refused = await vi.waitFor(() => {
            const all = throttledIn(sandbox.requests());
            expect(all.length).toBeGreaterThan(0);
            return all;
          }, PATIENT);
          const opensAt = resetAt ?? Date.parse(String(refused[0]?.at)) + waitMs;
          // The storm outlasts one window in every other form, so that a second refusal is obeyed too.
          await vi.waitFor(
            () => expect(Date.now()).toBeGreaterThan(opensAt - (resetAt === undefined ? -500 : 200)),
            PATIENT,
          );
          sandbox.clearFaults();
          await drained();
          for (const each of throttledIn(sandbox.requests())) {
            const at = Date.parse(each.at);
            const quietUntil = resetAt ?? at + waitMs;
            const early = sandbox.requests().filter((other) => {
              const otherAt = Date.parse(other.at);
              return other.id > each.id && otherAt < quietUntil;
            });
            expect(early.length, 'no more than was under way').toBeLessThan(UNDER_WAY);
            const late = early.filter((other) => Date.parse(other.at) > at + 0.75 * (quietUntil - at));
            expect(late, 'requests before the reset').toEqual([]);
          }
        },
      );
      expect(judgement).toMatchObject({ doubled: 0, deadLetters: 0 });
    },
  );

  it('of a limit far below the configured one: hardly more than the limit goes in a window, and all arrives', async () => {
    const limit = 12;
    const judgement = await underFire(
      { sandbox: { rateLimit: limit }, load: { batchesPerLane: 12, eventsPerBatch: 20 } },
      async ({ sandbox, drained }) => {
        await drained();
        const perWindow = Map.groupBy(
          sandbox.requests().filter(({ path }) => path === '/users/track'),
          ({ at }) => Math.floor(Date.parse(at) / WINDOW_MS),
        );
        const counts = [...perWindow.values()].map((all) => all.length);
        console.log('track requests per window of', limit, counts);
        expect(counts.length).toBeGreaterThan(1);
        // What is under way when the window is spent is refused, once.
        expect(Math.max(...counts)).toBeLessThanOrEqual(limit + UNDER_WAY);
      },
    );
    expect(judgement).toMatchObject({ doubled: 0, deadLetters: 0 });
  });

  it('of a plan by monthly active users, which says only X-Ratelimit-Retry-After', async () => {
    const burst = 8;
    await underFire(
      { sandbox: { mau: { hourly: 100_000, burst } }, load: { batchesPerLane: 8 } },
      async ({ sandbox, drained }) => {
        await drained();
        const refused = throttledIn(sandbox.requests());
        expect(refused.length).toBeGreaterThan(0);
        expect(refused.length).toBeLessThan(UNDER_WAY * 8);
      },
    );
  });
});

function throttledIn(requests: readonly RecordedRequest[]): RecordedRequest[] {
  return requests.filter(({ status }) => status === 429);
}
