/** An attributes object while it is built: each field is checked on its way in, faults are gathered with their paths. */
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type Json, type JsonObject } from '../src/model/json.ts';
import type { Issue, Warning } from '../src/model/outcome.ts';
import { checkNestedAttribute, MAX_CHARACTERS, nameTooLong, textTooLong } from './limits.ts';
import { compilePath, setOwn, type Target } from './mapping.ts';
import { isNestedOperation, nestedOperation } from './nested-operations.ts';
import { type AttributeFault, checkOf, isCleared } from './standard-attributes.ts';

export interface Draft {
  readonly event: BrazierEvent;
  target: Target;
  /** The value of `MERGE` that a nested operation asks for: it goes over a trait of that name. */
  merge: Json | undefined;
  readonly warnings: Warning[];
  /** Whether `{add, update, remove}` are operations. */
  readonly hasOperations: boolean;
  /** Each rejects the event. */
  readonly issues: Issue[];
  /** The code of the first issue. */
  code: string;
  /** Fields put so far, without identifiers and control fields. */
  written: number;
}

/** Writes a field, unless Braze would refuse its value. `path` is where among the traits the value stands. */
export function put(draft: Draft, field: string, given: Json, path: string): void {
  const value = accept(draft, field, given, path);
  // Undefined too: the trait may stand there already.
  setOwn(draft.target, field, value);
  if (value !== undefined) draft.written += 1;
}

/** The value to send in a field; undefined when it cannot be sent. `path` as for `put`. */
export function accept(draft: Draft, field: string, given: Json, path: string): Json | undefined {
  if (field.length > MAX_CHARACTERS) draft.warnings.push(nameTooLong(field, pathOf(draft, path)));
  if (isCleared(field, given)) return given;
  const check = checkOf(field);
  if (check) {
    const fault = check(given);
    if (fault) return isTaken(draft, fault, path) ? given : undefined;
  } else if (typeof given === 'object' && given !== null) return takeNested(draft, given, path);
  if (typeof given === 'string' && given.length > MAX_CHARACTERS) {
    draft.warnings.push(textTooLong(given, pathOf(draft, path)));
  }
  return given;
}

/** Braze: whether an update of a nested attribute goes into the object that is there, or in its place. */
export const MERGE = '_merge_objects';

/** What is wrong with a trait. */
export interface TraitFault {
  readonly code: string;
  /** Without the value: it may be personal data. */
  readonly message: string;
}

export function reject(draft: Draft, { code, message }: TraitFault, path: string): void {
  draft.code ||= code;
  draft.issues.push({ path: pathOf(draft, path), message });
}

export function warn(draft: Draft, { code, message }: TraitFault, path: string): void {
  draft.warnings.push({ code, message, path: pathOf(draft, path) });
}

/** Of a trait: with the name of the object it came from, the root traits or those of the context. */
export function pathOf({ event }: Draft, path: string): string {
  return `${compilePath(path)(event.traits) === undefined ? 'context.traits' : 'traits'}.${path}`;
}

/**
 * A trait that Braze would refuse rejects an identify, whose whole purpose is its traits. Elsewhere the traits only
 * came along: the event goes on without this one, except where RudderStack too refuses it.
 */
function isTaken(draft: Draft, fault: AttributeFault, path: string): boolean {
  if (fault.code === 'unusual_value') warn(draft, fault, path);
  else if (fault.isHopeless || draft.event.type === 'identify') reject(draft, fault, path);
  else warn(draft, { code: 'trait_left_out', message: `${fault.message}: left out` }, path);
  return fault.code === 'unusual_value';
}

function takeNested(draft: Draft, given: Json[] | JsonObject, path: string): Json {
  if (draft.hasOperations && isObject(given) && isNestedOperation(given)) {
    return takeOperation(draft, given, path);
  }
  warnOfNested(draft, given, path);
  return given;
}

/** Braze: an update replaces the object it finds unless the attributes object says `_merge_objects` (nested attributes docs). */
function takeOperation(draft: Draft, given: JsonObject, path: string): Json {
  const { value, hasUpdate, leftOut, issues } = nestedOperation(given);
  const root = pathOf(draft, path);
  for (const { path: below, message } of issues) {
    draft.code ||= OPERATION.code;
    draft.issues.push({ path: root + below, message });
  }
  for (const below of leftOut) draft.warnings.push({ ...BESIDE, path: root + below });
  if (Array.isArray(given.add)) warnOfNested(draft, given.add, path, '.add');
  if (Array.isArray(given.update)) warnOfNested(draft, given.update, path, '.update');
  if (hasUpdate) draft.merge = mergeOf(draft.event);
  return value;
}

const OPERATION = { code: 'invalid_nested_operation' };

const BESIDE: TraitFault = {
  code: 'trait_left_out',
  message: 'beside add, update and remove nothing else can be sent: left out',
};

function warnOfNested(draft: Draft, value: Json[] | JsonObject, path: string, member = ''): void {
  const fault = checkNestedAttribute(value);
  if (!fault) return;
  const { code, message, below } = fault;
  draft.warnings.push({ code, message, path: pathOf(draft, path) + member + below });
}

function mergeOf({ properties }: BrazierEvent): Json {
  return (isObject(properties) ? properties.mergeObjectsUpdateOperation : null) ?? false;
}
