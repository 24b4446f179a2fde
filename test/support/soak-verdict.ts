/** What a soak comes to: which invariants did not hold, and what a kill doubled. Pure. */
import type { RecordedRequest } from '../../src/sandbox/server.ts';
import type { Judgement } from './judge.ts';
import type { Vitals } from './process-judge.ts';
import type { Resident } from './resident.ts';

export interface SoakEvidence {
  readonly judgement: Judgement;
  readonly requests: readonly Pick<RecordedRequest, 'at' | 'status' | 'reply'>[];
  readonly lifeOf: (request: { readonly at: string }) => number;
  /** Lives that ended by SIGKILL. */
  readonly killed: ReadonlySet<number>;
  /** Replies that were cut on their way, by life. */
  readonly cut: ReadonlyMap<number, number>;
  /** Requests that may be under way at a kill. */
  readonly underWay: number;
  /** People whose anonymous past was not joined. */
  readonly orphans: number;
  readonly vitals: { readonly before: Vitals; readonly after: Vitals };
  readonly resident: Resident;
  readonly minutes: number;
}

export interface SoakVerdict {
  /** The invariants that did not hold, each with what was found. Empty: the promise was kept. */
  readonly broken: readonly string[];
  /** Replies that never came back whole: what they answered had to be sent again. */
  readonly lostReplies: number;
  /** Requests of which something was sent again, of each life that was killed; lost replies not among them. */
  readonly doubledPerKill: readonly number[];
}

/** Far above what a process needs when all is well (about 180 MB), far below what a leak makes of it. */
const MAX_MB = 320;
/** Above this something grows for as long as the process lives; below it is what a heap does between collections. */
const MAX_SLOPE_MB_PER_MINUTE = 1;
/** A slope can be told from the heap's own ups and downs only after so long. */
const SLOPE_COUNTS_FROM_MINUTES = 30;

export function verdictOf(evidence: SoakEvidence): SoakVerdict {
  const { judgement, requests, lifeOf, killed, cut } = evidence;
  // Accepted, and no reply recorded: the connection was cut, or nobody ever answered.
  const silent = requests.filter(({ status, reply }) => status !== null && status < 300 && reply === null);
  const silentIn = Map.groupBy(silent, lifeOf);
  const lostIn = (life: number) => (silentIn.get(life)?.length ?? 0) + (cut.get(life) ?? 0);
  const doubled = (life: number) => judgement.doubledRequests.get(life) ?? 0;
  return {
    broken: [...brokenByEvents(evidence), ...brokenByDoubles(evidence, lostIn), ...brokenByProcess(evidence)],
    lostReplies: silent.length + [...cut.values()].reduce((sum, each) => sum + each, 0),
    doubledPerKill: [...killed].map((life) => Math.max(0, doubled(life) - lostIn(life))),
  };
}

function brokenByEvents({ judgement, orphans }: SoakEvidence): string[] {
  const { lost, reordered, changed, strange } = judgement;
  const counts = {
    'I1: lost': lost,
    'I1: pasts not joined': orphans,
    'I2: reordered': reordered,
    'I3: changed': changed,
    'I4: never produced': strange,
  };
  return Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${what}: ${count}`] : []));
}

function brokenByDoubles(
  { judgement, killed, underWay }: SoakEvidence,
  lostIn: (life: number) => number,
): string[] {
  return [...judgement.doubledRequests].flatMap(([life, count]) => {
    const may = lostIn(life) + (killed.has(life) ? underWay : 0);
    return count > may
      ? [`I6: ${count} requests of life ${life} were sent again, at most ${may} may be`]
      : [];
  });
}

function brokenByProcess({ vitals, resident, underWay, minutes }: SoakEvidence): string[] {
  const { before, after } = vitals;
  const { mostMb, slopeMbPerMinute } = resident;
  const broken: string[] = [];
  if (mostMb > MAX_MB) broken.push(`I7: ${mostMb} MB resident, at most ${MAX_MB} may be`);
  if (minutes >= SLOPE_COUNTS_FROM_MINUTES && slopeMbPerMinute > MAX_SLOPE_MB_PER_MINUTE) {
    broken.push(`I7: resident memory grows by ${slopeMbPerMinute} MB a minute`);
  }
  // Sockets may be kept open for the next use, on both sides.
  if (after.openFiles > before.openFiles + 3 * underWay) {
    broken.push(`I7: ${after.openFiles} open files, ${before.openFiles} at first`);
  }
  return broken;
}
