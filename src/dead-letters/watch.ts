/** Says when dead letters are about to be dropped for their age or their size, and when some were. */
import type { LetterLimits, LogStats } from '../log/log.ts';

/** The share of a limit at which there is still time to look at the letters. */
const ALARM_SHARE = 0.8;

const LOOK_MS = 5_000;

export interface LetterWatchOptions {
  readonly stats: () => LogStats;
  readonly limits: LetterLimits;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly warn: (message: string, fields: { readonly code: string; readonly letters?: number }) => void;
}

export interface LetterWatch {
  /** Looks once; to be called at the end too, so that nothing goes unsaid. */
  look(): void;
  stop(): void;
}

/** Looks every 5 s until stopped; does not keep the process alive. An alarm is told when it begins, a drop each time. */
export function watchLetters({ stats, limits, now, warn }: LetterWatchOptions): LetterWatch {
  let told = { age: 0, bytes: 0 };
  let crowded = false;
  let old = false;

  function tellDropped({ age, bytes }: LogStats['lettersDropped']): void {
    const [aged, crowdedOut] = [age - told.age, bytes - told.bytes];
    told = { age, bytes };
    if (aged > 0) {
      warn('dead letters were dropped: older than deadLetters.retainDays', {
        code: 'letters_expired',
        letters: aged,
      });
    }
    if (crowdedOut > 0) {
      warn('dead letters were dropped, oldest first: over deadLetters.maxBytes', {
        code: 'letters_over_cap',
        letters: crowdedOut,
      });
    }
  }

  function look(): void {
    const { letterBytes, oldestLetterAt, lettersDropped } = stats();
    tellDropped(lettersDropped);
    const isCrowded = letterBytes >= limits.maxBytes * ALARM_SHARE;
    if (isCrowded && !crowded) {
      warn('the dead letters hold 80 % of deadLetters.maxBytes: at the cap the oldest are dropped', {
        code: 'letters_near_cap',
      });
    }
    const isOld = oldestLetterAt !== null && now() - oldestLetterAt >= limits.retainMs * ALARM_SHARE;
    if (isOld && !old) {
      warn(
        'the oldest dead letter has stayed for 80 % of deadLetters.retainDays: it is dropped at the end of them',
        {
          code: 'letters_near_expiry',
        },
      );
    }
    [crowded, old] = [isCrowded, isOld];
  }

  const timer = setInterval(look, LOOK_MS).unref();
  return { look, stop: () => clearInterval(timer) };
}
