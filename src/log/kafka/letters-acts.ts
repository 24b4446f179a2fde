/** What is done with letters: written, replayed, discarded, and taken out where they hold too much. */
import type { DeadLetter } from '../../model/dead-letter.ts';
import type { LetterLimits, LetterLog, Replay } from '../letter-log.ts';
import type { AppendRecord } from '../log.ts';
import { LogError } from '../log-error.ts';
import { type LetterEntry, partsText } from './letter-index.ts';
import type { LivingLetters } from './letters-living.ts';
import type { LetterPlaces } from './letters-places.ts';
import type { LetterWriter } from './letters-writer.ts';

export interface LetterActs extends Pick<LetterLog, 'replay' | 'discard'> {
  put(letters: readonly DeadLetter[]): Promise<void>;
}

export interface LetterActsParts {
  readonly living: LivingLetters;
  readonly places: LetterPlaces;
  readonly writer: LetterWriter;
  readonly limits: Pick<LetterLimits, 'maxBytes'>;
  readonly append: (topic: string, records: readonly AppendRecord[]) => Promise<unknown>;
}

interface Chosen {
  readonly replay: Replay;
  readonly entry: LetterEntry;
  /** Of a letter of which something stays. */
  readonly letter: DeadLetter | undefined;
}

export function createLetterActs({ living, places, writer, limits, append }: LetterActsParts): LetterActs {
  const { index } = living;
  const inTurn = createTurns();
  const trimInTurn = createTurns();
  let seq = 0;

  async function write(letter: DeadLetter, itsSeq: number): Promise<void> {
    living.wrote(await writer.write(letter, itsSeq));
  }

  async function erase(entry: LetterEntry): Promise<void> {
    living.erased(entry, await writer.erase(entry));
  }

  /** Larger than that of any letter known here: letters of one millisecond keep their order. */
  function nextSeq(): number {
    seq = Math.max(seq, index.lastSeq()) + 1;
    return seq;
  }

  /** What cannot be erased now is by the next that writes. */
  async function trim(): Promise<void> {
    const excess: LetterEntry[] = [];
    let bytes = index.bytes();
    for (const entry of index.ascending({}, undefined)) {
      if (bytes <= limits.maxBytes) break;
      excess.push(entry);
      bytes -= entry.bytes;
    }
    const erasing = excess.map(async (entry) => {
      await erase(entry);
      living.crowdedOut();
    });
    await all(erasing).catch((error: unknown) => {
      if (!(error instanceof LogError)) throw error;
    });
  }

  async function choose(replays: readonly Replay[]): Promise<Chosen[]> {
    const ids = new Set<string>();
    const chosen: Promise<Chosen>[] = [];
    for (const replay of replays) {
      const entry = index.get(replay.letterId);
      const isSame = entry !== undefined && entry.parts === partsText(replay.parts);
      if (!isSame || ids.has(replay.letterId)) continue;
      ids.add(replay.letterId);
      const staying = isKept(replay) ? places.letterAt(entry) : Promise.resolve(undefined);
      chosen.push(staying.then((letter) => ({ replay, entry, letter })));
    }
    return (await Promise.all(chosen)).filter(
      ({ replay, letter }) => !isKept(replay) || letter !== undefined,
    );
  }

  function settle({ replay: { keep = [] }, entry, letter }: Chosen): Promise<void> {
    return letter === undefined ? erase(entry) : write({ ...letter, undelivered: keep }, entry.seq);
  }

  return {
    async put(letters) {
      await all(letters.map((letter) => write(letter, nextSeq())));
      living.expire();
      if (index.bytes() > limits.maxBytes) await trimInTurn(trim);
    },
    replay: (topic, replays) =>
      inTurn(async () => {
        await living.refresh();
        const chosen = await choose(replays);
        if (chosen.length === 0) return [];
        await append(
          topic,
          chosen.map(({ replay }) => guarded(replay)),
        );
        await all(chosen.map(settle));
        return chosen.map(({ replay }) => replay.letterId);
      }),
    discard: (ids) =>
      inTurn(async () => {
        await living.refresh();
        const entries = [...new Set(ids)].map((id) => index.get(id)).filter((entry) => entry !== undefined);
        await all(entries.map(erase));
        return entries.map(({ id }) => id);
      }),
  };
}

function isKept({ keep = [] }: Replay): boolean {
  return keep.length > 0;
}

/**
 * The same replay of the same letter has the same id, which the guard knows. What stays behind is part of it: without
 * that, a replay that was cut short and is made again to send more would be taken for the first.
 */
function guarded({ letterId, record, parts, keep = [] }: Replay): AppendRecord {
  const kept = partsText(keep.map(({ part }) => part));
  return { ...record, guardId: `replay\0${letterId}\0${partsText(parts)}\0${kept}` };
}

/** One at a time, in the order of the calls. */
function createTurns(): <T>(act: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const turn = last.then(act);
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** Waits for all of them, so that nothing is under way any more when the caller hears of a failure. */
async function all(acts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(acts)).filter((each) => each.status === 'rejected');
  const errors: readonly unknown[] = failed.map(({ reason }) => reason);
  if (errors.length > 0) throw errors.find((error) => !(error instanceof LogError)) ?? errors[0];
}
