/**
 * The quiet time before a link. Braze applies what it accepted a little later (Braze: asynchronous processing, 10 to
 * 100 ms, more under load); a link that arrives before its anonymous data finds no profile, answers success and
 * leaves the past orphaned. So a link waits until the last accepted data of both sides is `quietMs` old.
 */
import type { Operation } from '../model/operation.ts';

export interface QuietMemory {
  /** Data of these identities was accepted by Braze just now. */
  accepted(keys: readonly string[], now: number): void;
  /** When the link may go; a time in the past means now. */
  mayGoAt(link: Operation): number;
}

/** Identities of one generation: at Braze's highest rate (75,000 objects a second) more than a second's. */
const MAX_KEYS = 100_000;

/**
 * Two generations of `quietMs` each hold what may still matter. A full one ends early; whoever is forgotten then counts
 * as heard of when it ended, so that a link may wait longer than it needs to and never shorter.
 *
 * @param startedAt data accepted before this process began is unknown, so everybody counts as heard of at the start
 */
export function createQuietMemory(quietMs: number, startedAt: number, maxKeys = MAX_KEYS): QuietMemory {
  let recent = new Map<string, number>();
  let older = new Map<string, number>();
  /** Since when `recent` is kept, and until when what was forgotten had been heard of. */
  let turnedAt = startedAt;
  let forgottenAt = startedAt;
  return {
    accepted(keys, now) {
      if (now - turnedAt >= quietMs || recent.size >= maxKeys) {
        forgottenAt = turnedAt;
        older = recent;
        recent = new Map();
        turnedAt = now;
      }
      for (const key of keys) recent.set(key, now);
    },
    mayGoAt(link) {
      let last = forgottenAt;
      for (const key of link.keys) last = Math.max(last, recent.get(key) ?? older.get(key) ?? forgottenAt);
      return last + quietMs;
    },
  };
}
