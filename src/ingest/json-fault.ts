/**
 * Says where a text stops being JSON. `JSON.parse` names a position only for some faults and quotes the body
 * in others; this names it for all and quotes nothing. Runs only on texts that `JSON.parse` has refused.
 */

const WORDS = ['true', 'false', 'null'];
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SPACE = /[ \t\n\r]*/y;

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end';

/** E.g. `unexpected character at position 17 (line 2, column 4)`; positions count UTF-16 units from 0. */
export function describeJsonFault(text: string): string {
  const at = faultAt(text);
  if (at >= text.length) return `the text ends at position ${text.length}, before it is complete`;
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  return `unexpected character at position ${at} (line ${line}, column ${column})`;
}

function faultAt(text: string): number {
  const open: string[] = [];
  let expected: Expected = 'value';
  let at = matchAt(SPACE, text, 0);
  while (at < text.length && !(expected === 'comma or end' && open.length === 0)) {
    const step = advance(text, at, expected, open);
    if (step.next === undefined) return step.at;
    expected = step.next;
    at = matchAt(SPACE, text, step.at);
  }
  return at;
}

interface Step {
  readonly at: number;
  /** Undefined: `at` is the fault. */
  readonly next: Expected | undefined;
}

function advance(text: string, at: number, expected: Expected, open: string[]): Step {
  const char = text.charAt(at);
  if (expected === 'comma or end') return afterValue(char, at, open);
  if (expected === 'colon') return char === ':' ? { at: at + 1, next: 'value' } : { at, next: undefined };
  if (isEmptyEnd(char, expected)) {
    open.pop();
    return { at: at + 1, next: 'comma or end' };
  }
  if (!expected.startsWith('key')) return inValue(text, at, open);
  return char === '"' ? inString(text, at + 1, 'colon') : { at, next: undefined };
}

/** The end of `{}` or `[]`; behind a comma there is no such end. */
function isEmptyEnd(char: string, expected: Expected): boolean {
  return (expected === 'value or ]' && char === ']') || (expected === 'key or }' && char === '}');
}

function inValue(text: string, at: number, open: string[]): Step {
  const char = text.charAt(at);
  if (char === '"') return inString(text, at + 1, 'comma or end');
  if (char !== '{' && char !== '[') return inScalar(text, at);
  open.push(char);
  return { at: at + 1, next: char === '{' ? 'key or }' : 'value or ]' };
}

function afterValue(char: string, at: number, open: string[]): Step {
  const inObject = open.at(-1) === '{';
  if (char === ',') return { at: at + 1, next: inObject ? 'key' : 'value' };
  if (char !== (inObject ? '}' : ']')) return { at, next: undefined };
  open.pop();
  return { at: at + 1, next: 'comma or end' };
}

function inString(text: string, from: number, next: Expected): Step {
  let at = from;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '"') return { at: at + 1, next };
    if (char < ' ') return { at, next: undefined };
    const end = char === '\\' ? matchAt(ESCAPE, text, at) : at + 1;
    if (end === at) return { at, next: undefined };
    at = end;
  }
  return { at, next: undefined };
}

function inScalar(text: string, at: number): Step {
  const word = WORDS.find((candidate) => text.startsWith(candidate, at));
  const end = word === undefined ? matchAt(NUMBER, text, at) : at + word.length;
  return { at: end, next: end > at ? 'comma or end' : undefined };
}

/** The end of the match that begins at `at`, or `at` when there is none. */
function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
