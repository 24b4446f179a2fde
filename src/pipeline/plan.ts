/** What one destination does with one record: decode, route, transform. Pure. */
import { OBJECT_BYTES } from '../braze/endpoints.ts';
import type { BrazierEvent } from '../model/event.ts';
import type { Half } from '../model/halves.ts';
import { isObject } from '../model/json.ts';
import { isLink, type Operation } from '../model/operation.ts';
import { type Filtered, filtered, type Rejected, rejected, type Warning } from '../model/outcome.ts';
import type { LogRecord, RecordHeaders } from '../model/record.ts';
import type { Transform, TransformResult } from '../model/transform.ts';
import { decode } from './decode.ts';
import type { Router } from './routing.ts';

export interface Planned {
  readonly status: 'operations';
  readonly operations: readonly Operation[];
  readonly warnings: readonly Warning[];
}

export type Plan = Planned | Filtered | Rejected;

export interface PlanOptions {
  readonly destination: string;
  /** Ids of the sources that deliver to this destination. */
  readonly wants: (source: string) => boolean;
  readonly route: Router;
  readonly transform: Transform;
}

/** @returns the plan of a record whose value is `text` */
export function planRecord(text: string, record: Stored, options: PlanOptions): Plan {
  const { headers, duplicate = false, defect, fault } = record;
  // First of all: of a record that cannot be read nobody knows the source either.
  if (defect) return DEFECTS[defect];
  const misdirected = notForUs(headers, options);
  if (misdirected) return misdirected;
  if (fault) return fault;
  if (duplicate) return DUPLICATE;
  const decoded = safely(() => decode(text, record, options.transform.cut));
  if (decoded.status === 'rejected') return decoded;
  const whole = planEvent(decoded.event, decoded.warnings, options);
  const plan = headers.half ? halfOf(whole, headers.half, decoded.event) : whole;
  return plan.status === 'operations' ? forReplay(plan, headers) : plan;
}

/** What is known of a record beside its value. */
type Stored = Pick<LogRecord, 'headers' | 'corrupt' | 'duplicate' | 'defect' | 'fault'>;

const DEFECTS = {
  tombstone: filtered('tombstone', 'the record has no value'),
  unknown_schema: rejected(
    'corrupt',
    'unknown_schema',
    'not written by Brazier, or by a newer version: its headers are of no version that is known here',
  ),
} satisfies Record<NonNullable<LogRecord['defect']>, Plan>;

const DUPLICATE = filtered('duplicate', 'the same event (source, messageId) was read before');

const OTHER_HALF = filtered('other_half', 'what this event sends stands in its other records');

/**
 * An event that links two identities stands in several partitions; each record sends what belongs there, and one of them
 * tells what is wrong with the event.
 */
function halfOf(plan: Plan, half: Half, { type }: BrazierEvent): Plan {
  const isFirst = type === 'alias' ? half === 'link' : half === 'rest';
  if (plan.status !== 'operations') return isFirst ? plan : OTHER_HALF;
  const isOurs = ({ kind }: Operation) => {
    if (half === 'rest') return !isLink(kind);
    return isLink(kind) && (kind === 'merge') === (half === 'merge');
  };
  const operations = plan.operations.filter(isOurs);
  if (operations.length === 0) return OTHER_HALF;
  return { ...plan, operations, warnings: isFirst ? plan.warnings : [] };
}

/** Routes and transforms an event; an object that Braze would refuse for its size is rejected here, with its name. */
export function planEvent(
  event: BrazierEvent,
  warnings: readonly Warning[],
  { route, transform }: Pick<PlanOptions, 'route' | 'transform'>,
): Plan {
  const routed = safely(() => route(event));
  if (routed.status !== 'wanted') return routed;
  const result = safely(() => checked(transform(event)));
  if (result.status !== 'operations') return result;
  if (result.operations.length === 0) return failed('it made nothing and gave no reason');
  const large = result.operations.find(({ bytes }) => bytes > OBJECT_BYTES);
  if (large) return tooLarge(large);
  if (warnings.length === 0 && routed.warnings.length === 0) return result;
  return { ...result, warnings: [...warnings, ...routed.warnings, ...result.warnings] };
}

function notForUs(headers: RecordHeaders, { destination, wants }: PlanOptions): Filtered | undefined {
  if (headers.replayDestination !== undefined) {
    return headers.replayDestination === destination
      ? undefined
      : filtered('replay_elsewhere', `a replay for destination ${headers.replayDestination}`);
  }
  if (wants(headers.source)) return undefined;
  return filtered('source_not_connected', `source ${headers.source} does not deliver to ${destination}`);
}

const STATUSES: ReadonlySet<unknown> = new Set(['operations', 'filtered', 'rejected']);

/** Throws what a transformer with a bug may have returned: the types promise, they do not check. */
function checked(result: TransformResult): TransformResult {
  if (isObject(result) && STATUSES.has(result.status)) return result;
  throw new TypeError('it returned no result');
}

/** A bug must cost its own event only: thrown on, it would end the process, again after each restart. */
function safely<Result>(step: () => Result): Result | Rejected {
  try {
    return step();
  } catch (error) {
    return failed(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  }
}

function failed(why: string): Rejected {
  return rejected('invalid', 'transform_failed', `the transformer failed on this event (${why})`);
}

function tooLarge({ part, bytes }: Operation): Rejected {
  const message = `${part} is ${bytes} bytes as a Braze object, at most ${OBJECT_BYTES} are taken`;
  return rejected('oversized', 'object_too_large', message, [{ path: part, message }]);
}

/** A replay sends what was not delivered and nothing else, and of that not the kinds that it leaves out. */
function forReplay(plan: Planned, { replayParts, replayWithout }: RecordHeaders): Plan {
  if (replayParts === undefined && replayWithout === undefined) return plan;
  const wanted = replayParts?.split(',');
  const without = replayWithout?.split(',') ?? [];
  const operations = plan.operations.filter(
    ({ part, kind }) =>
      !without.includes(kind) && (wanted === undefined || wanted.includes(part) || wanted.includes(kind)),
  );
  if (operations.length > 0) return { ...plan, operations };
  // A kind alone, or all kinds but some: nobody knew whether the event has any.
  if (wanted === undefined || wanted.every((part) => !part.includes(':'))) {
    return filtered('nothing_to_replay', 'the event has nothing of the kinds to replay');
  }
  const message = `with today's settings the event no longer has the parts to replay: ${wanted.join(', ')}`;
  return rejected('invalid', 'replay_mismatch', message);
}

/** Every identity that the plan's operations name. */
export function keysOf({ operations }: Planned): readonly string[] {
  const [first] = operations;
  if (operations.length === 1 && first) return first.keys;
  return [...new Set(operations.flatMap(({ keys }) => keys))];
}
