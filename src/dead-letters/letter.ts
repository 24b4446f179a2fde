/** Dead letters: made from a record and its outcome, and turned back into a record for a replay. */
import type { Replay } from '../log/log.ts';
import type { DeadLetter, UndeliveredPart } from '../model/dead-letter.ts';
import type { Rejected } from '../model/outcome.ts';
import type { NewRecord } from '../model/record.ts';

export interface LetterSource {
  readonly destination: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly record: NewRecord;
}

/** @param at ms since the epoch */
export function letterOf(
  { destination, topic, partition, offset, record }: LetterSource,
  outcome: Rejected,
  undelivered: readonly UndeliveredPart[] | null,
  at: number,
): DeadLetter {
  const position = `${topic}/${partition}/${offset}`;
  return { id: `${destination}/${position}`, destination, at, position, record, outcome, undelivered };
}

/**
 * The record that stands in for a letter: for its destination alone, and only the parts that were not delivered.
 * Undefined for letters of ingest: no destination ever wanted them, the sender must mend and send them again.
 */
export function replayOf(letter: DeadLetter, at: number): Replay | undefined {
  if (letter.destination === null) return undefined;
  // A letter without parts keeps those that an earlier replay was limited to.
  const parts = letter.undelivered && { replayParts: letter.undelivered.map(({ part }) => part).join(',') };
  const headers = { ...letter.record.headers, replayDestination: letter.destination, ...parts };
  return { letterId: letter.id, record: { ...letter.record, headers, timestamp: at } };
}
