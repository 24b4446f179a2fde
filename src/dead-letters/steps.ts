/** Goes through the wanted letters in steps of bounded size, oldest first, so that a person's letters keep their order. */
import type { EventLog } from '../log/log.ts';
import type { DeadLetter } from '../model/dead-letter.ts';
import { filterOf, type Selection, type Wanted } from './selection.ts';

/** Letters taken in one transaction. */
const STEP_LETTERS = 200;

export type LetterSource = Pick<EventLog, 'letter' | 'walkLetters'>;

export interface Step {
  readonly letters: readonly DeadLetter[];
  /** Ids that nobody knows. */
  readonly missing: readonly string[];
  /** Where a later walk goes on; null at the end. */
  readonly next: string | null;
}

export interface Walk {
  readonly log: LetterSource;
  /** ms since the epoch: letters written later are not meant, or what fails again would come round for ever. */
  readonly now: number;
  readonly portion: { readonly limit?: number; readonly after?: string };
}

export function stepsOf(wanted: Wanted, walk: Walk): AsyncGenerator<Step, void> {
  return 'ids' in wanted ? namedSteps([...new Set(wanted.ids)], walk.log) : selectedSteps(wanted, walk);
}

async function* namedSteps(ids: readonly string[], log: LetterSource): AsyncGenerator<Step, void> {
  for (let index = 0; index < ids.length; index += STEP_LETTERS) {
    const batch = ids.slice(index, index + STEP_LETTERS);
    const found = await Promise.all(batch.map((id) => log.letter(id)));
    const letters = found.filter((letter) => letter !== undefined);
    yield { letters, missing: batch.filter((_, position) => found[position] === undefined), next: null };
  }
}

async function* selectedSteps(selection: Selection, { log, now, portion }: Walk): AsyncGenerator<Step, void> {
  const begun =
    portion.after === undefined ? { position: undefined, until: now + 1 } : readPlace(portion.after);
  const filter = {
    ...filterOf(selection),
    to: Math.min(selection.to ?? Number.POSITIVE_INFINITY, begun.until),
  };
  let left = portion.limit ?? Number.POSITIVE_INFINITY;
  for (let position: string | null | undefined = begun.position; position !== null && left > 0; ) {
    const limit = Math.min(left, STEP_LETTERS);
    const after: { after?: string } = position === undefined ? {} : { after: position };
    const { letters, next } = await log.walkLetters({ ...filter, limit, ...after });
    yield { letters, missing: [], next: next === null ? null : `${next}~${begun.until}` };
    position = next;
    left -= letters.length;
  }
}

/** The log's position and the time at which the walk began, which holds for all its portions. */
function readPlace(text: string): { position: string | undefined; until: number } {
  const [position, until] = text.split('~');
  return { position, until: Number.isFinite(Number(until)) ? Number(until) : 0 };
}
