import { describe, expect, it } from 'vitest';
import { pause, pauseUntilRecovery } from '../../../src/delivery/pause.ts';

const RETRY = { kind: 'retry', code: 'http_500', throttled: false } as const;
const NEVER = new AbortController().signal;

/** Options whose clock notes the waits and runs at once; Braze takes another request after `recoversAfterMs`. */
function options(recoversAfterMs: number) {
  const waited = { ms: 0 };
  return {
    waited,
    random: () => 1,
    waits: NEVER,
    passes: () => (waited.ms >= recoversAfterMs ? 1 : 0),
    endpoint: '/users/track' as const,
    clock: {
      monotonicMs: () => waited.ms,
      epochMs: () => waited.ms,
      delay: async (ms: number) => {
        waited.ms += ms;
      },
    },
  };
}

describe('the wait after a failed attempt', () => {
  it('is the whole backoff while Braze takes nothing', async () => {
    const t = options(Number.POSITIVE_INFINITY);
    await pauseUntilRecovery(RETRY, 8, t);
    expect(t.waited.ms).toBe(30_000);
  });

  it('ends within a second of Braze taking another request', async () => {
    const t = options(5_000);
    await pauseUntilRecovery(RETRY, 8, t);
    expect(t.waited.ms).toBeGreaterThanOrEqual(5_000);
    expect(t.waited.ms).toBeLessThanOrEqual(6_000);
  });

  it('is the whole backoff for an object that is tried alone, whatever Braze takes', async () => {
    const t = options(0);
    await pause(RETRY, 8, t);
    expect(t.waited.ms).toBe(30_000);
  });

  it('is none after the first broken connection: the socket may have been closed while it was idle', async () => {
    const t = options(0);
    await pauseUntilRecovery({ ...RETRY, atOnce: true }, 1, t);
    expect(t.waited.ms).toBe(0);
    await pauseUntilRecovery({ ...RETRY, atOnce: true }, 2, options(Number.POSITIVE_INFINITY));
  });
});
