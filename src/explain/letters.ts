/** Dead letters of a messageId: looked for among those of the persons that it may be of. */
import { filterOf } from '../dead-letters/selection.ts';
import type { EventLog } from '../log/log.ts';
import { carries } from '../log/message-of.ts';
import type { DeadLetter } from '../model/dead-letter.ts';

export interface LetterSearch {
  readonly messageId: string;
  /** Person keys, user ids or anonymous ids. */
  readonly persons: readonly string[];
}

const STEP = 100;

export async function lettersOf(
  log: Pick<EventLog, 'walkLetters'>,
  { messageId, persons }: LetterSearch,
): Promise<DeadLetter[]> {
  const keys = persons.flatMap((person) => filterOf({ person }).persons ?? []);
  const found: DeadLetter[] = [];
  if (keys.length === 0) return found;
  for (let after: string | null | undefined; after !== null; ) {
    const walk = { persons: [...new Set(keys)], limit: STEP, ...(after !== undefined && { after }) };
    const { letters, next } = await log.walkLetters(walk);
    found.push(...letters.filter(({ record }) => carries({ ...NOWHERE, ...record }, messageId)));
    after = next;
  }
  return found;
}

/** Where it stood in the log does not matter. */
const NOWHERE = { topic: '', partition: 0, offset: 0, corrupt: false };
