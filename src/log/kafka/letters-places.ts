/** Reads letters by their places: what is asked for in one turn is read together, neighbours in one go. */
import type { DeadLetter } from '../../model/dead-letter.ts';
import { detailTextIn, type LetterDetail, letterOf, parseDetail } from './letter-codec.ts';
import { joined, piecesIn } from './letters-pieces.ts';
import { FETCH_BYTES, type RangeReader } from './range-reader.ts';
import type { RawMessage } from './record-codec.ts';

export interface LetterPlace {
  readonly partition: number;
  readonly offset: number;
}

export interface LetterPlaces {
  /** Undefined when it is gone. Rejects with `LogError`. */
  read(place: LetterPlace): Promise<RawMessage | undefined>;
  /** The letter of a message; undefined when it is none, or its pieces are gone. */
  letterIn(message: RawMessage, partition: number): Promise<FoundLetter | undefined>;
  /** Undefined when it is gone. */
  letterAt(place: LetterPlace): Promise<DeadLetter | undefined>;
}

export interface FoundLetter {
  readonly detail: LetterDetail;
  readonly value: Uint8Array;
  readonly bytes: number;
  readonly isSplit: boolean;
}

interface Wish extends LetterPlace {
  readonly resolve: (message: RawMessage | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Reading so many offsets in vain costs less than asking the broker once more. */
const NEIGHBOURS = 64;

/** A fetch for one letter asks for so much at least: a broker sends whole batches, and the first however large. */
const LETTER_BYTES = 16 * 1024;

export function createLetterPlaces(
  reader: Pick<RangeReader, 'read'>,
  topic: string,
  signal: AbortSignal,
): LetterPlaces {
  let wishes: Wish[] = [];

  function flush(): void {
    const byPartition = Map.groupBy(wishes, ({ partition }) => partition);
    wishes = [];
    for (const [partition, group] of byPartition) void fulfil(partition, group);
  }

  async function fulfil(partition: number, group: readonly Wish[]): Promise<void> {
    const runs = runsOf([...group].sort((a, b) => a.offset - b.offset));
    for (const run of runs) {
      try {
        const found = await readRun(partition, run);
        for (const { offset, resolve } of run) resolve(found.get(offset));
      } catch (error) {
        for (const { reject } of run) reject(error);
      }
    }
  }

  async function readRun(partition: number, run: readonly Wish[]): Promise<Map<number, RawMessage>> {
    const wanted = new Set(run.map(({ offset }) => offset));
    const found = new Map<number, RawMessage>();
    const range = {
      from: run[0]?.offset ?? 0,
      to: (run.at(-1)?.offset ?? -1) + 1,
      maxBytes: Math.min(FETCH_BYTES, run.length * LETTER_BYTES),
    };
    for await (const messages of reader.read(topic, partition, range, signal)) {
      for (const message of messages) if (wanted.has(message.offset)) found.set(message.offset, message);
    }
    signal.throwIfAborted();
    return found;
  }

  function read({ partition, offset }: LetterPlace): Promise<RawMessage | undefined> {
    return new Promise((resolve, reject) => {
      if (wishes.length === 0) setImmediate(flush);
      wishes.push({ partition, offset, resolve, reject });
    });
  }

  async function letterIn(message: RawMessage, partition: number): Promise<FoundLetter | undefined> {
    const pieces = piecesIn(message);
    if (pieces === undefined) return wholeLetterIn(message);
    const messages = await Promise.all(pieces.offsets.map((offset) => read({ partition, offset })));
    const whole = joined(pieces, messages);
    const detail = parseDetail(whole?.detail);
    if (whole === undefined || detail === undefined) return undefined;
    return { detail, value: whole.value, bytes: pieces.totalBytes, isSplit: true };
  }

  return {
    read,
    letterIn,
    async letterAt(place) {
      const message = await read(place);
      const found = message && (await letterIn(message, place.partition));
      return found && letterOf(message?.key?.toString() ?? '', found.detail, found.value);
    },
  };
}

/** The letter of a message that holds it by itself. */
export function wholeLetterIn(message: RawMessage): FoundLetter | undefined {
  const text = detailTextIn(message);
  const detail = parseDetail(text);
  const { value } = message;
  if (text === undefined || detail === undefined || value === null) return undefined;
  return { detail, value, bytes: Buffer.byteLength(text) + value.byteLength, isSplit: false };
}

/** Places that are near to one another go together. */
function runsOf(sorted: readonly Wish[]): Wish[][] {
  const runs: Wish[][] = [];
  for (const wish of sorted) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (run === undefined || last === undefined || wish.offset - last.offset > NEIGHBOURS) runs.push([wish]);
    else run.push(wish);
  }
  return runs;
}
