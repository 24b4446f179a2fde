/**
 * Finds the properties in an event's text when they can go to Braze as they stand there. Most do, and parsing them and
 * writing them again is half of what an event costs; one pattern tells in a fifth of that time.
 */
import table from '../mappings/event.json' with { type: 'json' };
import { CUT_MARK, type CutText } from '../src/model/plain-event.ts';
import { MAX_CHARACTERS } from './limits.ts';
import { MAX_PROPERTIES } from './property-limits.ts';

/** No escapes: what has some may be written in several ways. */
const TEXT = '"[^"\\\\\\x00-\\x1f]*"';
/** Only numbers that `JSON.stringify` writes in just this way: 15 digits at most, and neither 1.0 nor 1e3 nor -0. */
const NUMBER = '(?:-(?!0[,}\\]]))?(?:(?:0|[1-9]\\d{0,8})(?:\\.\\d{0,5}[1-9])?|[1-9]\\d{9,14})';
const SCALAR = `${TEXT}|${NUMBER}|true|false|null`;
/** Names that Braze refuses (`property-limits.ts`) and those that it keeps for itself. */
const NAME = `"(?!["$]|(?:${table.reserved.join('|')})")[^"\\\\\\x00-\\x1f]*"`;

const valueWithin = (value: string) => `${SCALAR}|${listOf(value)}|${objectOf(TEXT, value, '*')}`;
/** JSON without white space, three levels deep, of which `JSON.parse` and `JSON.stringify` would make the same text. */
const PROPERTIES = objectOf(NAME, valueWithin(valueWithin(valueWithin(SCALAR))), `{0,${MAX_PROPERTIES}}`);
const PATTERN = new RegExp(PROPERTIES, 'y');

function listOf(value: string): string {
  return `\\[(?:(?:${value})(?:,(?!\\])|(?=\\])))*\\]`;
}

function objectOf(name: string, value: string, count: string): string {
  return `\\{(?:${name}:(?:${value})(?:,(?!\\})|(?=\\})))${count}\\}`;
}

/** Without its first quote: a search for something rarer than a quote takes a quarter of the time. */
const MEMBER = 'properties":{';
const QUOTE = 34;
const MARK = JSON.stringify(CUT_MARK);
/** What a pattern that fails has to take back grows with the text: long ones take the usual way. */
const MAX_TEXT = 65_536;

/**
 * Undefined when the properties may need a change, or a warning: they take the usual way then. Whether it was the event's
 * own that were cut out, and not some in its context, shows when the rest is parsed: they hold the mark then. A name that is
 * there twice goes out twice, as it came: for whoever parses it the last one counts, as it does here.
 */
export function cutProperties(text: string): CutText | undefined {
  const name = text.indexOf(MEMBER);
  if (name < 1 || text.charCodeAt(name - 1) !== QUOTE) return undefined;
  if (text.length > MAX_TEXT || !text.isWellFormed()) return undefined;
  const start = name + MEMBER.length - 1;
  PATTERN.lastIndex = start;
  if (!PATTERN.test(text)) return undefined;
  const end = PATTERN.lastIndex;
  if (mayHaveLongText(text, start, end)) return undefined;
  return { rest: text.slice(0, start) + MARK + text.slice(end), properties: text.slice(start, end) };
}

/** From quote to quote, each time to the last one that is near enough: no text between two of them is too long. */
function mayHaveLongText(text: string, start: number, end: number): boolean {
  let quote = start;
  while (end - quote > MAX_CHARACTERS + 1) {
    const next = text.lastIndexOf('"', quote + MAX_CHARACTERS + 1);
    if (next <= quote) return true;
    quote = next;
  }
  return false;
}
