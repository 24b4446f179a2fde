/**
 * The living letters as the topic has them: followed from its start, and ahead of that by what this process wrote itself,
 * so that what is durable is known at once.
 */
import type { LetterLimits, LettersDropped } from '../letter-log.ts';
import { createLetterIndex, type LetterEntry, type LetterIndex, type PlacedLetter } from './letter-index.ts';
import { isPiece, piecesIn } from './letters-pieces.ts';
import { type FoundLetter, type LetterPlaces, wholeLetterIn } from './letters-places.ts';
import { createTail } from './letters-tail.ts';
import type { RangeReader } from './range-reader.ts';
import type { RawMessage } from './record-codec.ts';
import type { TopicShape } from './topics.ts';

export interface LivingLetters {
  readonly index: LetterIndex;
  /** Resolves when the index has everything that the topic held at the time of the call. Rejects with `LogError`. */
  refresh(): Promise<void>;
  /** This process wrote it. */
  wrote(letter: PlacedLetter): void;
  /** This process wrote the tombstone of one, at this offset. */
  erased(entry: LetterEntry, offset: number): void;
  /** A letter of the index is not in the topic any more. */
  missed(entry: LetterEntry): void;
  /** Hides what is too old; the topic's own retention deletes it. */
  expire(): void;
  /** Since the start. */
  dropped(): LettersDropped;
  /** Room was made: one of the oldest is gone. */
  crowdedOut(): void;
}

export interface LivingLettersParts {
  readonly reader: Pick<RangeReader, 'read' | 'bounds'>;
  readonly topic: TopicShape;
  readonly places: LetterPlaces;
  readonly limits: Pick<LetterLimits, 'retainMs'>;
  readonly now: () => number;
  readonly onWarning: (message: string) => void;
  readonly signal: AbortSignal;
}

export function createLivingLetters(parts: LivingLettersParts): LivingLetters {
  const { places, limits, now } = parts;
  const index = createLetterIndex();
  const warn = createWarnings(parts);
  const dropped = { age: 0, bytes: 0 };
  /** Id → the offset that this process wrote and the following has not come to. What stands below it is outdated. */
  const ahead = new Map<string, number>();

  function isOutdated(id: string, offset: number): boolean {
    const own = ahead.get(id);
    if (own === undefined) return false;
    if (offset >= own) ahead.delete(id);
    return offset <= own;
  }

  function takeLetter(partition: number, message: RawMessage, found: FoundLetter | undefined): void {
    const id = message.key?.toString() ?? '';
    const { offset } = message;
    if (isOutdated(id, offset)) return;
    // One that is too old already when it is met was dropped before this process began.
    if (found === undefined || found.detail.at <= now() - limits.retainMs) index.remove(id);
    else index.put({ id, partition, offset, ...found });
    if (found === undefined && message.value !== null) warn.unreadable();
  }

  function take(partition: number, message: RawMessage): Promise<void> | undefined {
    if (message.key === null || isPiece(message)) return undefined;
    if (piecesIn(message) !== undefined) {
      return places.letterIn(message, partition).then((found) => takeLetter(partition, message, found));
    }
    takeLetter(partition, message, wholeLetterIn(message));
    return undefined;
  }

  function missed(entry: LetterEntry): void {
    if (index.get(entry.id) === entry && index.remove(entry.id)) dropped.age += 1;
  }

  const tail = createTail({
    ...parts,
    take,
    dropped: (partition, offset) => index.below(partition, offset).forEach(missed),
    onTrouble: warn.trouble,
  });

  /** Not where the following is past it: then it knows this, and what came after. */
  function own(id: string, partition: number, offset: number): boolean {
    if (offset < tail.position(partition) || offset <= (ahead.get(id) ?? -1)) return false;
    ahead.set(id, offset);
    return true;
  }

  function expire(): void {
    const until = now() - limits.retainMs;
    for (let entry = index.oldest(); entry !== undefined && entry.at <= until; entry = index.oldest()) {
      missed(entry);
    }
  }

  return {
    index,
    async refresh() {
      await tail.catchUp();
      expire();
    },
    wrote(letter) {
      if (own(letter.id, letter.partition, letter.offset)) index.put(letter);
    },
    erased({ id, partition }, offset) {
      if (own(id, partition, offset)) index.remove(id);
    },
    missed,
    expire,
    dropped: () => ({ ...dropped }),
    crowdedOut() {
      dropped.bytes += 1;
    },
  };
}

/** Each of them is said when it begins, not each time. */
function createWarnings({ topic, onWarning }: Pick<LivingLettersParts, 'topic' | 'onWarning'>) {
  let isToldUnreadable = false;
  let lastTrouble = '';
  return {
    unreadable(): void {
      if (isToldUnreadable) return;
      isToldUnreadable = true;
      const cause = 'written by something else, or by a newer version';
      onWarning(
        `${topic.topic} holds messages that are no dead letters as this version knows them: ${cause}`,
      );
    },
    trouble(error: unknown): void {
      const text = error instanceof Error ? error.message : String(error);
      if (text === lastTrouble) return;
      lastTrouble = text;
      onWarning(`the dead letters of other processes are not followed for now: ${text}`);
    },
  };
}
