/** Dead letters: made from a record, its outcome and what was sent of it. */
import type { DeadLetter, LetterDelivery, UndeliveredPart } from '../model/dead-letter.ts';
import type { Rejected } from '../model/outcome.ts';
import type { NewRecord } from '../model/record.ts';

/** Of a reply's text a letter keeps so many characters: enough for Braze's sentence, not for an error page. */
const REPLY_CHARS = 300;

export interface LetterSource {
  readonly destination: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly record: NewRecord;
  /** The last request, when there was one; its reply may have any length. */
  readonly delivery?: LetterDelivery;
}

/** @param at ms since the epoch */
export function letterOf(
  { destination, topic, partition, offset, record, delivery }: LetterSource,
  outcome: Rejected,
  undelivered: readonly UndeliveredPart[] | null,
  at: number,
): DeadLetter {
  const position = `${topic}/${partition}/${offset}`;
  const letter = {
    id: `${destination}/${position}`,
    destination,
    at,
    position,
    record,
    outcome,
    undelivered,
  };
  if (delivery === undefined) return letter;
  return { ...letter, delivery: { ...delivery, reply: clip(delivery.reply) } };
}

function clip(text: string): string {
  return text.length <= REPLY_CHARS ? text : `${text.slice(0, REPLY_CHARS - 1).toWellFormed()}…`;
}
