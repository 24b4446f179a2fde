/** How long to wait before the next attempt: capped exponential with full jitter. Pure but for the dice. */

/** The first wait is drawn from 0 to this. */
const BASE_MS = 250;

/** Long enough to let a struggling Braze breathe, short enough to notice its recovery. */
const CAP_MS = 30_000;

/**
 * @param failures attempts that failed so far, from 1
 * @param random in [0, 1)
 * @returns ms
 */
export function backoffMs(failures: number, random: () => number): number {
  const ceiling = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(random() * ceiling);
}
