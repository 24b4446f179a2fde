/** Whether a letter is still the one that a replay was made of: asked inside the transaction, so that of two replays one wins. */
import type { DeadLetter } from '../model/dead-letter.ts';
import type { Replay } from './log.ts';

/** Whether the letter still has the parts that a replay was made of. */
export function sameParts({ undelivered }: Pick<DeadLetter, 'undelivered'>, parts: Replay['parts']): boolean {
  if (undelivered === null || parts === null) return undelivered === null && parts === null;
  return undelivered.length === parts.length && undelivered.every(({ part }, index) => part === parts[index]);
}
