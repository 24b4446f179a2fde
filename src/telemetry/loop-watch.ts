/** Watches the event loop: says when one piece of work held up all the others, as a transformer that loops would. */
import type { Logger } from './logger.ts';

const LOOK_EVERY_MS = 250;
/** Far above what a full batch, a large body or a collection of garbage takes. */
const BLOCKED_MS = 1_000;

export interface LoopWatch {
  stop(): void;
}

/** One warning for each time nothing ran for a second or more; does not keep the process alive. */
export function watchLoop(logger: Pick<Logger, 'warn'>, monotonicMs: () => number): LoopWatch {
  let lookedAt = monotonicMs();
  const timer = setInterval(() => {
    const now = monotonicMs();
    const blockedMs = Math.round(now - lookedAt - LOOK_EVERY_MS);
    lookedAt = now;
    if (blockedMs < BLOCKED_MS) return;
    logger.warn('the event loop was blocked (or the process suspended): nothing was read, sent or answered', {
      blockedMs,
    });
  }, LOOK_EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}
