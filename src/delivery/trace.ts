/** What is known of one request on its way to its end: for the dead letters of its objects, and for the journal. */
import type { Reply } from '../braze/client.ts';
import type { Verdict } from '../braze/replies.ts';
import type { Endpoint, Operation } from '../model/operation.ts';

export interface AttemptNote {
  /** ms since the epoch: when it left. */
  readonly at: number;
  readonly durationMs: number;
  /** Null when no reply came. */
  readonly status: number | null;
  /** The verdict's kind, or of a retry its code, e.g. `final`, `http_503`, `econnreset`. */
  readonly what: string;
  /** Objects it held: halves hold fewer. */
  readonly objects: number;
}

/** The halves of a divided request share its trace. */
export interface Trace {
  readonly endpoint: Endpoint;
  /** Objects of the whole request. */
  readonly objects: number;
  /** Events and purchases among them: what counts again when it is sent again. */
  readonly counted: number;
  /** The first few and the last few. */
  readonly attempts: readonly AttemptNote[];
  /** How many there were. */
  readonly attemptCount: number;
  /** The beginning of the last reply's text; '' when there was none. May quote what was sent. */
  readonly reply: string;
  /** An attempt got no reply although it may have reached Braze: what it held may have been counted. */
  readonly fateUnknown: boolean;
}

export interface WritableTrace extends Trace {
  note(attempt: AttemptNote, reply: Reply, verdict: Verdict): void;
}

const KEPT_FIRST = 5;
const KEPT_LAST = 5;
/** A dead letter keeps so much of Braze's reply. */
const REPLY_CHARS = 300;

export function createTrace(endpoint: Endpoint, operations: readonly Operation[]): WritableTrace {
  const objects = operations.length;
  const counted = operations.filter(({ kind }) => kind === 'event' || kind === 'purchase').length;
  const attempts: AttemptNote[] = [];
  let attemptCount = 0;
  let reply = '';
  let fateUnknown = false;
  return {
    endpoint,
    objects,
    counted,
    attempts,
    get attemptCount() {
      return attemptCount;
    },
    get reply() {
      return reply;
    },
    get fateUnknown() {
      return fateUnknown;
    },
    note(attempt, answer, verdict) {
      if (attempts.length === KEPT_FIRST + KEPT_LAST) attempts.splice(KEPT_FIRST, 1);
      attempts.push(attempt);
      attemptCount += 1;
      reply = 'failure' in answer ? '' : answer.text.slice(0, REPLY_CHARS);
      if (verdict.kind === 'retry' && verdict.fateUnknown === true) fateUnknown = true;
    },
  };
}
