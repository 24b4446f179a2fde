/** Which alerts fire: what is wrong must last before it is one, and be gone for a while before it is over. */
import { type Alert, type AlertName, type Instant, keyOf } from './alert.ts';
import type { Condition } from './rules.ts';

export interface Seen {
  /** What is wrong now. */
  readonly conditions: readonly Condition[];
  /** Of these nobody knows: they neither begin to fire nor are over. */
  readonly unjudged: readonly AlertName[];
}

export interface Tracks {
  /** Takes what is wrong now and answers what fires, by key. A flicker, in or out, changes nothing. */
  advance(seen: Seen, now: Instant, resolveAfterMs: number): ReadonlyMap<string, Alert>;
}

interface Track {
  alert: Alert;
  readonly begunMs: number;
  seenMs: number;
  isFiring: boolean;
}

/** @param known fired when the process ended the last time: they are over when they are not seen for a while */
export function createTracks(known: readonly Alert[], now: Instant): Tracks {
  const tracks = new Map<string, Track>(
    known.map((alert) => [keyOf(alert), { alert, begunMs: now.ms, seenMs: now.ms, isFiring: true }]),
  );

  function see({ holdMs, ...what }: Condition, { ms, at }: Instant): void {
    const key = keyOf(what);
    const track = tracks.get(key);
    const since = track?.alert.since ?? at;
    const begunMs = track?.begunMs ?? ms;
    const isFiring = track?.isFiring === true || ms - begunMs >= holdMs;
    tracks.set(key, { alert: { ...what, since }, begunMs, seenMs: ms, isFiring });
  }

  return {
    advance({ conditions, unjudged }, now, resolveAfterMs) {
      for (const condition of conditions) see(condition, now);
      for (const track of tracks.values()) if (unjudged.includes(track.alert.name)) track.seenMs = now.ms;
      for (const [key, { seenMs, isFiring }] of tracks) {
        const isGone = seenMs < now.ms && (!isFiring || now.ms - seenMs >= resolveAfterMs);
        if (isGone) tracks.delete(key);
      }
      const firing = [...tracks].filter(([, { isFiring }]) => isFiring);
      return new Map(firing.map(([key, { alert }]) => [key, alert]));
    },
  };
}
