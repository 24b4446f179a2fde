/** Membership in a log that one process has to itself: whoever joins has everything, and keeps it. */
import type { Member, Membership } from './group-log.ts';

export function joinAlone(member: Member): Membership {
  member.assign(1);
  return { leave: async () => undefined };
}

/** Settled ranges a commit may carry: some 300 KB of progress. */
export const MAX_RANGES_ALONE = 100_000;
