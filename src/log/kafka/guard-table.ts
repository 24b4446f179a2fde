/**
 * Says of a record whether the same one came before. It takes records in any order and any number of times, so that several
 * readers may share it: what a record is follows from the records at lower offsets that are known, never from who asked.
 *
 * A run is kept for each id and content: each of its records but the first has the one before it within `guardMs`, so all
 * of them but the first are duplicates. Where a later one is too late for that, a new run begins.
 */
import { createRuns, type Dropped, type GuardRecord, type Run } from './guard-runs.ts';

/** The id is new, or was there before with the same content, or with others alone; that is said once of a record. */
export type Verdict = 'new' | 'duplicate' | 'conflict';

export interface GuardTable {
  /** Ids and contents that are remembered. */
  readonly size: number;
  /** Says what the record is, by what is known of lower offsets, and notes it. */
  judge(record: GuardRecord): Verdict;
}

export interface GuardTableOptions {
  /** A record is a duplicate of the same one before it when that is no older than this. */
  readonly guardMs: number;
  readonly maxRuns: number;
  /** What was noted first is forgotten. */
  onDropped(dropped: Dropped): void;
}

/** An id that keeps coming, always too late, is not worth more. */
const MAX_RUNS_OF_AN_ID = 32;

/** What is known of a record's id, gathered run by run. */
interface Found {
  isDuplicate: boolean;
  /** A run begins with this very record. */
  isNoted: boolean;
  /** The run that it continues, or -1. */
  continued: number;
  /** Runs that say the same. */
  same: number;
  /** There are runs of the id that say something else; and one of them is of lower offsets, and in time. */
  hasOthers: boolean;
  isConflict: boolean;
}

export function createGuardTable({ guardMs, maxRuns, onDropped }: GuardTableOptions): GuardTable {
  const runs = createRuns(maxRuns, onDropped);

  function take(found: Found, run: Run, at: number, { offset, timestamp }: GuardRecord): void {
    const isInTime = timestamp - run.lastAt <= guardMs;
    if (!run.isSame) {
      found.hasOthers = true;
      found.isConflict ||= run.first < offset && isInTime;
      return;
    }
    found.same += 1;
    if (run.first === offset) found.isNoted = true;
    else if (run.last < offset && isInTime) [found.isDuplicate, found.continued] = [true, at];
    else if (run.first < offset && offset <= run.last) found.isDuplicate = true;
  }

  return {
    get size() {
      return runs.size;
    },
    judge(record) {
      const found = nothingFound();
      const separate = apart(record);
      for (const named of [record, separate]) runs.visit(named, (run, at) => take(found, run, at, record));
      if (found.continued >= 0) runs.extend(found.continued, record);
      if (found.isDuplicate) return 'duplicate';
      if (found.isNoted || found.same === MAX_RUNS_OF_AN_ID) return 'new';
      runs.add(found.hasOthers ? separate : record);
      return found.isConflict ? 'conflict' : 'new';
    },
  };
}

const nothingFound = (): Found => ({
  isDuplicate: false,
  isNoted: false,
  continued: -1,
  same: 0,
  hasOthers: false,
  isConflict: false,
});

/** An id's second content and all further ones are kept under a name of their own, or a much-used id made one long list. */
function apart(record: GuardRecord): GuardRecord {
  const content = record.content ?? 0;
  return {
    ...record,
    high: (record.high ^ Math.imul(content ^ (content >>> 15), 0x85eb_ca6b)) >>> 0,
    // Never the id's own name.
    low: (record.low ^ Math.imul(content ^ (content >>> 13), 0xc2b2_ae35) ^ 0x9e37_79b9) >>> 0,
  };
}
