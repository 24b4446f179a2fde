/** What is asked of the letters: chosen from the index, then read where they stand. */
import type { DeadLetter } from '../../model/dead-letter.ts';
import type { LetterFilter, LetterLog } from '../letter-log.ts';
import type { LetterEntry } from './letter-index.ts';
import type { LivingLetters } from './letters-living.ts';
import type { Ordered } from './letters-order.ts';
import type { LetterPlaces } from './letters-places.ts';

export type LetterQueries = Pick<LetterLog, 'letters' | 'letter' | 'walkLetters' | 'groupLetters'>;

/** A stretch ends at about this many bytes, or with a larger letter alone: letters hold up to megabytes each. */
const STRETCH_BYTES = 8 * 1024 * 1024;

export function createLetterQueries(living: LivingLetters, places: LetterPlaces): LetterQueries {
  const { index } = living;

  /** Those that are still there, and are about the persons themselves: a hash may be somebody else's too. */
  async function readAll(entries: readonly LetterEntry[], { persons }: LetterFilter): Promise<DeadLetter[]> {
    const read = await Promise.all(entries.map((entry) => places.letterAt(entry)));
    for (const [i, entry] of entries.entries()) if (read[i] === undefined) living.missed(entry);
    const letters = read.filter((letter) => letter !== undefined);
    return letters.filter(({ record }) => persons?.includes(record.key) ?? true);
  }

  return {
    /** After an id that is gone meanwhile (replayed between two pages) the list begins anew: rather twice than never. */
    async letters({ limit, after, ...filter }) {
      await living.refresh();
      const found: DeadLetter[] = [];
      let before: Ordered | undefined = after === undefined ? undefined : index.get(after);
      while (found.length < limit) {
        const { entries, hasMore } = portion(index.descending(filter, before), limit - found.length);
        found.push(...(await readAll(entries, filter)));
        if (!hasMore) break;
        before = entries.at(-1);
      }
      return found;
    },
    async letter(id) {
      await living.refresh();
      const entry = index.get(id);
      return entry && (await readAll([entry], {}))[0];
    },
    async walkLetters({ limit, after, ...filter }) {
      await living.refresh();
      const place = after === undefined ? undefined : placeIn(after);
      const { entries, hasMore } = portion(index.ascending(filter, place), limit);
      const last = entries.at(-1);
      const next = hasMore && last !== undefined ? textOf(last) : null;
      return { letters: await readAll(entries, filter), next };
    },
    async groupLetters(filter) {
      await living.refresh();
      return index.group(filter);
    },
  };
}

function portion(
  entries: Iterable<LetterEntry>,
  limit: number,
): { entries: LetterEntry[]; hasMore: boolean } {
  const chosen: LetterEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    bytes += entry.bytes;
    const isFull = chosen.length >= limit || (chosen.length > 0 && bytes > STRETCH_BYTES);
    if (isFull) return { entries: chosen, hasMore: true };
    chosen.push(entry);
  }
  return { entries: chosen, hasMore: false };
}

/** Where a walk goes on: it says nothing of the letter itself, which may be gone by then. */
function textOf({ at, seq, partition, offset }: Ordered): string {
  return [at, seq, partition, offset].join('.');
}

/** A place that is none begins at the beginning. */
function placeIn(text: string): Ordered {
  const [at, seq, partition, offset] = text.split('.').map(Number);
  const safe = (number: number | undefined) => (Number.isSafeInteger(number) ? Number(number) : 0);
  return { at: safe(at), seq: safe(seq), partition: safe(partition), offset: safe(offset) };
}
