/**
 * From a letter to the record that stands in for it: for its destination alone and only what was not delivered. State
 * (attributes, subscriptions) is left out unless asked for, since what is old would overwrite what is newer.
 */
import type { Replay } from '../log/log.ts';
import type { DeadLetter, UndeliveredPart } from '../model/dead-letter.ts';
import { isObject, type Json } from '../model/json.ts';
import type { OperationKind } from '../model/operation.ts';
import type { RecordHeaders } from '../model/record.ts';

/** Kinds whose latest value counts: sent late, they undo what came after them. */
const STATE_KINDS: readonly OperationKind[] = ['attributes', 'subscription'];

/** Header of a record that is replayed without them. */
export const WITHOUT_STATE = STATE_KINDS.join(',');

export type ReplayPlan =
  | { readonly replay: Replay }
  /** Why the letter stays as it is. */
  | { readonly skip: string };

export interface ReplayTerms {
  /** ms since the epoch. */
  readonly at: number;
  readonly withAttributes: boolean;
}

const NOT_WITHOUT_FLAG =
  'only attributes or subscriptions are left of it: a replay with attributes sends them, over what may be newer';

export function replayOf(letter: DeadLetter, { at, withAttributes }: ReplayTerms): ReplayPlan {
  const { destination, record, undelivered, id } = letter;
  if (destination === null) return { skip: 'turned away at ingest: mend it and send it again' };
  if (letter.outcome.kind === 'corrupt')
    return { skip: 'its stored bytes are damaged: send the event again' };
  const split = withAttributes ? { send: sendAll(letter), keep: [] } : withoutState(letter);
  if (split === undefined) return { skip: NOT_WITHOUT_FLAG };
  const headers = { ...bare(record.headers), ...split.send, replayDestination: destination };
  const parts = undelivered?.map(({ part }) => part) ?? null;
  return { replay: { letterId: id, record: { ...record, headers, timestamp: at }, parts, keep: split.keep } };
}

type Limits = Pick<RecordHeaders, 'replayParts' | 'replayWithout'>;

/** What an earlier replay was limited to holds for a letter that failed before it came to its parts. */
function sendAll({ undelivered, record: { headers } }: DeadLetter): Limits {
  if (undelivered !== null) return { replayParts: undelivered.map(({ part }) => part).join(',') };
  const { replayParts, replayWithout } = headers;
  return {
    ...(replayParts !== undefined && { replayParts }),
    ...(replayWithout !== undefined && { replayWithout }),
  };
}

function withoutState(letter: DeadLetter): { send: Limits; keep: readonly UndeliveredPart[] } | undefined {
  const parts = knownParts(letter);
  if (parts === undefined) return wholeWithoutState(letter);
  const keep = parts.filter(({ part }) => isState(part));
  const rest = parts.filter(({ part }) => !isState(part));
  if (rest.length === 0) return undefined;
  return { send: { replayParts: rest.map(({ part }) => part).join(',') }, keep };
}

function knownParts({ undelivered, outcome, record }: DeadLetter): readonly UndeliveredPart[] | undefined {
  if (undelivered !== null) return undelivered;
  return record.headers.replayParts?.split(',').map((part) => ({ part, outcome }));
}

/** Nobody knows which parts the event has: what it may have of state stays in the letter, by its kind. */
function wholeWithoutState(letter: DeadLetter) {
  const send = { replayWithout: WITHOUT_STATE };
  if (letter.record.headers.replayWithout !== undefined) return { send, keep: [] };
  const { type, hasTraits } = look(letter);
  if (type === 'identify' || type === 'group') return undefined;
  const { outcome } = letter;
  return { send, keep: hasTraits ? STATE_KINDS.map((part) => ({ part, outcome })) : [] };
}

function isState(part: string): boolean {
  return STATE_KINDS.some((kind) => part === kind || part.startsWith(`${kind}:`));
}

function bare({ replayParts: _parts, replayWithout: _without, ...headers }: RecordHeaders): RecordHeaders {
  return headers;
}

/** An event that cannot be read may have anything. */
function look({ record: { value, headers } }: DeadLetter): { type: string; hasTraits: boolean } {
  const event = parse(Buffer.from(value).toString());
  const envelope = parse(headers.envelope ?? '{}');
  if (!isObject(event) || !isObject(envelope)) return { type: '', hasTraits: true };
  const type = String(headers.type ?? event.type)
    .trim()
    .toLowerCase();
  const hasTraits = [event, event.context, envelope.context].some(
    (holder) => isObject(holder) && Object.hasOwn(holder, 'traits'),
  );
  return { type, hasTraits };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
