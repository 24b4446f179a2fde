/** Reads what a query or a body asks for: what cannot be understood is named, never guessed and never passed over. */
import { readCursor } from '../dead-letters/resend-cursor.ts';
import type { Selection, Wanted } from '../dead-letters/selection.ts';
import { parseTime } from '../model/clock.ts';
import type { Json } from '../model/json.ts';
import { LOG_LEVELS } from '../telemetry/logger.ts';

/** A problem's text names the member and what was expected. */
export type Asked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

type Read = (value: unknown) => unknown;

const text: Read = (value) => (typeof value === 'string' ? value : undefined);
const time: Read = (value) => parseTime(value as Json);
const flag: Read = (value) =>
  ['true', 'false'].includes(String(value)) ? String(value) === 'true' : undefined;
const texts: Read = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined;

const cursor: Read = (value) => (typeof value === 'string' && readCursor(value) ? value : undefined);

const level: Read = (value) => LOG_LEVELS.find((each) => each === value);

function whole(least: number, most: number): Read {
  return (value) => {
    const number =
      typeof value === 'number' || (typeof value === 'string' && value !== '') ? Number(value) : NaN;
    return Number.isInteger(number) && number >= least && number <= most ? number : undefined;
  };
}

interface Member {
  readonly read: Read;
  readonly expected: string;
}

const member = (read: Read, expected: string): Member => ({ read, expected });
const TEXT = member(text, 'text');
const TIME = member(time, 'a time (ISO 8601, or ms since the epoch)');
const FLAG = member(flag, 'true or false');

export const SELECTION = {
  destination: TEXT,
  code: TEXT,
  kind: TEXT,
  source: TEXT,
  person: TEXT,
  from: TIME,
  to: TIME,
};

export const LIST = {
  ...SELECTION,
  limit: member(whole(1, 1000), 'a whole number from 1 to 1000'),
  after: TEXT,
  showPayload: FLAG,
};

export const WANTED = {
  ...SELECTION,
  ids: member(texts, 'a list of ids'),
  all: FLAG,
  limit: member(whole(1, 10_000), 'a whole number from 1 to 10000'),
  after: TEXT,
  withAttributes: FLAG,
  dryRun: FLAG,
};

export const LEVEL = { level: member(level, `one of ${LOG_LEVELS.join(', ')}`) };

export const EXPLAIN = { messageId: TEXT, person: TEXT, showPayload: FLAG };

export const DOUBTFUL = {
  destination: TEXT,
  limit: member(whole(1, 1000), 'a whole number from 1 to 1000'),
  before: member(whole(0, Number.MAX_SAFE_INTEGER), 'a whole number'),
};

export const RESEND = {
  destination: TEXT,
  source: TEXT,
  from: TIME,
  to: TIME,
  limit: member(whole(1, 100_000), 'a whole number from 1 to 100000'),
  after: member(cursor, '`next` of the answer before'),
  withAttributes: FLAG,
  again: FLAG,
  dryRun: FLAG,
};

/** @param asked a query, or a body as parsed */
export function readMembers<Value>(asked: unknown, members: Readonly<Record<string, Member>>): Asked<Value> {
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) {
    return { ok: false, problem: 'expected a JSON object' };
  }
  const value: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(asked)) {
    const known = Object.hasOwn(members, name) ? members[name] : undefined;
    if (known === undefined) return { ok: false, problem: `${name}: there is no such member` };
    const read = known.read(given);
    if (read === undefined) return { ok: false, problem: `${name}: expected ${known.expected}` };
    value[name] = read;
  }
  return { ok: true, value: value as Value };
}

/** What to replay or discard is said: ids, or `all`, or at least one thing that the letters have in common. */
export function wantedOf(
  asked: Selection & { readonly ids?: readonly string[]; readonly all?: boolean },
): Wanted | undefined {
  const { ids, all, ...selection } = asked;
  const isSelected = Object.keys(selection).length > 0;
  if (ids !== undefined) return isSelected || all === true ? undefined : { ids };
  return isSelected || all === true ? selection : undefined;
}
