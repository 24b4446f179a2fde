/** The shape of fault rules as they are posted, and the check that names the field that is wrong. Pure. */
import { isObject, type Json } from './json.ts';

export interface FaultRule {
  /** Absent, or without members: every request to Braze's paths. */
  readonly match?: {
    /** The whole path, e.g. `/users/track`. */
    readonly path?: string;
    /** Requests of which any object names this user. */
    readonly externalId?: string;
  };
  /** How often the rule may win; without it, always. */
  readonly times?: number;
  /** From 0 to 1; without it, 1. */
  readonly probability?: number;
  readonly do: FaultAction;
}

export interface FaultAction {
  /** Answered instead of judging the request: nothing is applied. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: Json;
  readonly delayMs?: number;
  /** A slow body: status and headers go out at once, the body in pieces over this time. */
  readonly trickleMs?: number;
  /** What the rules accept is applied and answered with 202 `queued`, as Braze has done in maintenance. */
  readonly queued?: boolean;
  /** Cuts the connection: `before` nothing is applied, `after` all is, and the reply is lost. */
  readonly reset?: 'before' | 'after';
  /** Never answers. Applied unless a status stands beside it. */
  readonly hang?: boolean;
}

/** Undefined when the value is as wanted, else what is wrong and where. */
type Check = (value: Json, where: string) => string | undefined;

function expecting(expected: string, holds: (value: Json) => boolean): Check {
  return (value, where) => (holds(value) ? undefined : `${where}: expected ${expected}`);
}

/** An object of these members and no others; `required` must be there. */
function shape(members: ReadonlyMap<string, Check>, required: readonly string[] = []): Check {
  return (value, where) => {
    if (!isObject(value)) return `${where}: expected an object`;
    for (const name of required) {
      if (!Object.hasOwn(value, name)) return `${where}.${name}: is required`;
    }
    for (const [name, member] of Object.entries(value)) {
      const check = members.get(name);
      const allowed = [...members.keys()].join(', ');
      const problem = check
        ? check(member, `${where}.${name}`)
        : `${where}.${name}: unknown, expected one of ${allowed}`;
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

const text = expecting('a string', (value) => typeof value === 'string');
const flag = expecting('true or false', (value) => typeof value === 'boolean');

const milliseconds = expecting('a number of milliseconds from 0 to 86400000', (value) =>
  isNumberIn(value, 0, 86_400_000),
);

const MATCH = shape(
  new Map([
    ['path', text],
    ['externalId', text],
  ]),
);

const ACTION = shape(
  new Map<string, Check>([
    ['status', expecting('an integer from 200 to 599', (value) => isIntegerIn(value, 200, 599))],
    ['headers', expecting('an object of header names and strings', isHeaders)],
    ['body', () => undefined],
    ['delayMs', milliseconds],
    ['trickleMs', milliseconds],
    ['queued', flag],
    ['reset', expecting('"before" or "after"', (value) => value === 'before' || value === 'after')],
    ['hang', flag],
  ]),
);

const RULE = shape(
  new Map<string, Check>([
    ['match', MATCH],
    [
      'times',
      expecting('an integer of 1 or more', (value) => isIntegerIn(value, 1, Number.MAX_SAFE_INTEGER)),
    ],
    ['probability', expecting('a number from 0 to 1', (value) => isNumberIn(value, 0, 1))],
    ['do', ACTION],
  ]),
  ['do'],
);

/** The rules, or one line that names the first field that is wrong, e.g. `faults[0].do.reset: expected …`. */
export function readFaultRules(value: Json): readonly FaultRule[] | string {
  if (!Array.isArray(value)) return 'faults: expected a JSON array of rules';
  for (const [position, rule] of value.entries()) {
    const problem = RULE(rule, `faults[${position}]`);
    if (problem !== undefined) return problem;
  }
  // Every member was checked just above; the compiler cannot see that.
  return value as unknown as readonly FaultRule[];
}

function isNumberIn(value: Json, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function isIntegerIn(value: Json, min: number, max: number): boolean {
  return Number.isInteger(value) && isNumberIn(value, min, max);
}

/** Names and values as HTTP allows them: anything else would fail only when the fault strikes. */
function isHeaders(value: Json): boolean {
  if (!isObject(value)) return false;
  return Object.entries(value).every(
    ([name, each]) =>
      /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) &&
      typeof each === 'string' &&
      /^[\t\x20-\x7e\x80-\xff]*$/.test(each),
  );
}
