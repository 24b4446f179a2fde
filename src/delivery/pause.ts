/** The wait after a failed attempt. */
import type { Verdict } from '../braze/replies.ts';
import type { Endpoint } from '../model/operation.ts';
import type { SendOptions } from './attempt.ts';
import { backoffMs } from './backoff.ts';

type Retry = Extract<Verdict, { kind: 'retry' }>;
type PauseOptions = Pick<SendOptions<unknown>, 'clock' | 'random' | 'waits' | 'passes'>;

/** How often a wait looks whether Braze has recovered, at most; half of it and a throw of the dice. */
const LOOK_MS = 1_000;

/** @param failures attempts that failed so far, from 1 */
export async function pause(verdict: Retry, failures: number, options: PauseOptions): Promise<void> {
  const { clock, random, waits } = options;
  if (verdict.atOnce && failures === 1) return;
  await clock.delay(backoffMs(failures, random), waits);
}

/** The same, but over when Braze takes another request of the endpoint: after an outage all go on within a second. */
export async function pauseUntilRecovery(
  verdict: Retry,
  failures: number,
  options: PauseOptions & { readonly endpoint: Endpoint },
): Promise<void> {
  const { clock, random, waits, passes, endpoint } = options;
  if (verdict.atOnce && failures === 1) return;
  const passesBefore = passes(endpoint);
  let leftMs = backoffMs(failures, random);
  do {
    const sliceMs = Math.min(leftMs, (LOOK_MS / 2) * (1 + random()));
    await clock.delay(sliceMs, waits);
    leftMs -= sliceMs;
  } while (leftMs > 0 && passes(endpoint) === passesBefore);
}
