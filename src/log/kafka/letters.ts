/**
 * Dead letters in a topic of their own: a letter is the last message of its id, a tombstone ends it. Each process follows
 * the topic into an index of the living ones; whoever asks gets what the topic held at that moment, whoever wrote it.
 *
 * Weaker than in the embedded log, for want of a transaction: a replay appends first and erases then. Cut between the two,
 * or made by two processes at once, it appends again, and the guard drops the second for as long as it remembers.
 */
import type { DeadLetter } from '../../model/dead-letter.ts';
import type { LetterLimits, LetterLog } from '../letter-log.ts';
import type { AppendRecord, LogStats } from '../log.ts';
import { LogError } from '../log-error.ts';
import { createLetterActs } from './letters-acts.ts';
import { createLivingLetters } from './letters-living.ts';
import { createLetterPlaces } from './letters-places.ts';
import { createLetterQueries } from './letters-queries.ts';
import { createLetterWriter } from './letters-writer.ts';
import type { Outbox } from './outbox.ts';
import type { RangeReader } from './range-reader.ts';
import type { TopicShape } from './topics.ts';

export interface KafkaLettersParts {
  readonly outbox: Pick<Outbox, 'send'>;
  readonly reader: Pick<RangeReader, 'read' | 'bounds'>;
  readonly topic: TopicShape;
  readonly limits: LetterLimits;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly append: (topic: string, records: readonly AppendRecord[]) => Promise<unknown>;
  readonly onWarning: (message: string) => void;
}

export interface KafkaLetters extends LetterLog {
  /** Resolves when they are durable; the statistics know them by then. Rejects with `LogError`; a repeat is the same. */
  put(letters: readonly DeadLetter[]): Promise<void>;
  /**
   * Letters of other processes are counted within seconds. Each process counts those that it sees dropped for their age;
   * for the room, those that it dropped itself.
   */
  stats(): Pick<LogStats, 'letters' | 'letterBytes' | 'oldestLetterAt' | 'lettersDropped'>;
  /** Ends the following; what is asked for from then on rejects with `LogError` log_closing. */
  close(): void;
}

export function createKafkaLetters(parts: KafkaLettersParts): KafkaLetters {
  const closing = new AbortController();
  const { signal } = closing;
  const places = createLetterPlaces(parts.reader, parts.topic.topic, signal);
  const living = createLivingLetters({ ...parts, places, signal });
  const writer = createLetterWriter({ ...parts, places });
  const { index } = living;
  return {
    ...createLetterQueries(living, places),
    ...createLetterActs({ ...parts, living, places, writer }),
    stats() {
      living.expire();
      return {
        letters: index.counts(),
        letterBytes: index.bytes(),
        oldestLetterAt: index.oldest()?.at ?? null,
        lettersDropped: living.dropped(),
      };
    },
    close: () => closing.abort(new LogError('log_closing', 'the log is closing')),
  };
}
