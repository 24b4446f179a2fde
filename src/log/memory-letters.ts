/** The dead letters of the log in memory: what is in no index here is looked through. */
import type { DeadLetter } from '../model/dead-letter.ts';
import type {
  LetterFilter,
  LetterGroup,
  LetterLimits,
  LetterQuery,
  LetterStretch,
  LettersDropped,
  LetterWalk,
  Replay,
} from './log.ts';
import { sameParts } from './replay-check.ts';

export interface LetterShelf {
  put(letters: readonly DeadLetter[]): void;
  get(id: string): DeadLetter | undefined;
  /** False when the letter is gone or has other parts than the replay was made of. */
  replace(replay: Replay): boolean;
  remove(id: string): boolean;
  list(query: LetterQuery): DeadLetter[];
  walk(walk: LetterWalk): LetterStretch;
  group(filter: LetterFilter): LetterGroup[];
  /** What the limits leave no place for, oldest first. */
  trim(limits: LetterLimits, at: number): void;
  counts(): ReadonlyMap<string, number>;
  bytes(): number;
  oldestAt(): number | null;
  dropped(): LettersDropped;
}

interface Shelved {
  readonly seq: number;
  readonly letter: DeadLetter;
}

export function createLetterShelf(): LetterShelf {
  const shelf = new Map<string, Shelved>();
  const dropped = { age: 0, bytes: 0 };
  let nextSeq = 1;

  const inOrder = (filter: LetterFilter = {}): Shelved[] =>
    [...shelf.values()].filter(({ letter }) => isMeant(letter, filter)).sort(byTime);
  const bytes = (): number => shelf.values().reduce((sum, { letter }) => sum + letter.record.value.length, 0);

  return {
    put(letters) {
      for (const letter of letters) {
        const seq = shelf.get(letter.id)?.seq ?? nextSeq++;
        shelf.set(letter.id, { seq, letter });
      }
    },
    get: (id) => shelf.get(id)?.letter,
    replace({ letterId, parts, keep = [] }) {
      const known = shelf.get(letterId);
      if (known === undefined || !sameParts(known.letter, parts)) return false;
      if (keep.length === 0) shelf.delete(letterId);
      else shelf.set(letterId, { seq: known.seq, letter: { ...known.letter, undelivered: keep } });
      return true;
    },
    remove: (id) => shelf.delete(id),
    list({ limit, after, ...filter }) {
      const newest = inOrder(filter).reverse();
      const last = after === undefined ? undefined : shelf.get(after);
      const rest = last === undefined ? newest : newest.filter((each) => byTime(each, last) < 0);
      return rest.slice(0, limit).map(({ letter }) => letter);
    },
    walk({ limit, after, ...filter }) {
      const [at = 0, seq = 0] = (after ?? '').split('.').map(Number);
      const rest = inOrder(filter).filter((each) => (each.letter.at - at || each.seq - seq) > 0);
      const stretch = rest.slice(0, limit);
      const last = stretch.at(-1);
      const next = last === undefined || stretch.length === rest.length ? null : last;
      return {
        letters: stretch.map(({ letter }) => letter),
        next: next === null ? null : `${next.letter.at}.${next.seq}`,
      };
    },
    group: (filter) => grouped(inOrder(filter).map(({ letter }) => letter)),
    trim({ retainMs, maxBytes }, at) {
      for (const { letter } of inOrder()) {
        const isOld = letter.at <= at - retainMs;
        if (!isOld && bytes() <= maxBytes) return;
        dropped[isOld ? 'age' : 'bytes'] += 1;
        shelf.delete(letter.id);
      }
    },
    counts() {
      const counts = new Map<string, number>();
      for (const { letter } of shelf.values()) {
        const destination = letter.destination ?? '';
        counts.set(destination, (counts.get(destination) ?? 0) + 1);
      }
      return counts;
    },
    bytes,
    oldestAt: () => inOrder()[0]?.letter.at ?? null,
    dropped: () => ({ ...dropped }),
  };
}

function byTime(a: Shelved, b: Shelved): number {
  return a.letter.at - b.letter.at || a.seq - b.seq;
}

function isMeant({ destination, at, record, outcome }: DeadLetter, filter: LetterFilter): boolean {
  const { persons, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter;
  return (
    (filter.destination ?? destination ?? '') === (destination ?? '') &&
    (filter.code ?? outcome.code) === outcome.code &&
    (filter.kind ?? outcome.kind) === outcome.kind &&
    (filter.source ?? record.headers.source) === record.headers.source &&
    (persons ?? [record.key]).includes(record.key) &&
    from <= at &&
    at < to
  );
}

function grouped(letters: readonly DeadLetter[]): LetterGroup[] {
  const nameOf = ({ destination, outcome }: DeadLetter) =>
    JSON.stringify([destination ?? '', outcome.kind, outcome.code]);
  const groups = [...Map.groupBy(letters, nameOf)].sort(([a], [b]) => (a < b ? -1 : 1));
  return groups.map(([name, members]) => {
    const [destination, kind, code] = JSON.parse(name) as [string, string, string];
    const times = members.map(({ at }) => at);
    return {
      destination: destination === '' ? null : destination,
      kind,
      code,
      count: members.length,
      firstAt: Math.min(...times),
      lastAt: Math.max(...times),
    };
  });
}
