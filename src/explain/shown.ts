/** What an explanation says. Personal data is in it only when it was asked for. */
import type { LetterSummary } from '../dead-letters/shown.ts';
import { endpointOf } from '../model/operation.ts';
import type { LogRecord } from '../model/record.ts';
import type { Plan } from '../pipeline/plan.ts';
import { textOf } from './planner.ts';
import type { ShownRequest } from './requests.ts';
import type { Standing } from './standing.ts';

export interface Explained {
  readonly messageId: string;
  /** Newest first: the event, what was accepted under the same id again, and its replays. */
  readonly records: readonly ExplainedRecord[];
  /** Dead letters of these persons that are of the event. */
  readonly letters: readonly LetterSummary[];
  /** Nobody is known whose letters could be looked through: neither from the log nor by `person`. */
  readonly lettersUnknown: boolean;
}

export interface ExplainedRecord {
  /** Where it stands in the log: `topic/partition/offset`. */
  readonly position: string;
  /** ISO 8601. */
  readonly acceptedAt: string;
  readonly source: string;
  /** The stored bytes do not match their checksum. */
  readonly corrupt: boolean;
  /** Set on a replay: the one destination it is for. */
  readonly replayFor: string | null;
  readonly destinations: readonly ExplainedDestination[];
  readonly person?: string;
  readonly payload?: string;
}

export interface ExplainedDestination {
  readonly destination: string;
  /** With its settings as they are now. */
  readonly plan: ShownPlan;
  readonly requests: readonly ShownRequest[];
  readonly standing: Standing;
  /** Why the destination is halted; null when it is not. */
  readonly halted: string | null;
}

export interface ShownPlan {
  readonly status: Plan['status'];
  /** Why it is filtered or rejected. */
  readonly code?: string;
  readonly kind?: string;
  readonly message?: string;
  /** Paths of what is wrong. */
  readonly issues?: readonly string[];
  readonly parts: readonly {
    readonly part: string;
    readonly endpoint: string;
    readonly bytes: number;
    readonly body?: string;
  }[];
  /** What was changed or left out, and where it stood in the event. */
  readonly warnings: readonly { readonly code: string; readonly path: string; readonly message?: string }[];
}

export function shownPlan(plan: Plan, showPayload: boolean): ShownPlan {
  const { status } = plan;
  if (plan.status === 'operations') {
    return {
      status,
      parts: plan.operations.map(({ part, kind, bytes, text }) => ({
        part,
        endpoint: endpointOf(kind),
        bytes,
        ...(showPayload && { body: text }),
      })),
      warnings: plan.warnings.map(({ code, path, message }) => ({
        code,
        path,
        ...(showPayload && { message }),
      })),
    };
  }
  const { code, message } = plan;
  const why = { status, code, parts: [], warnings: [], ...(showPayload && { message }) };
  if (plan.status === 'filtered') return why;
  return { ...why, kind: plan.kind, issues: plan.issues.map(({ path }) => path) };
}

export function shownRecord(record: LogRecord, showPayload: boolean): Omit<ExplainedRecord, 'destinations'> {
  const { topic, partition, offset, timestamp, headers, corrupt, key } = record;
  return {
    position: `${topic}/${partition}/${offset}`,
    acceptedAt: new Date(timestamp).toISOString(),
    source: headers.source,
    corrupt,
    replayFor: headers.replayDestination ?? null,
    ...(showPayload && { person: key, payload: textOf(record) }),
  };
}
