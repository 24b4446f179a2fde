/** The JSON text of a file that others write: its value exactly as `JSON.parse` gives it, and the line of each part. */
import type { ConfigDocument } from './document.ts';
import type { Path } from './validator.ts';

/** Nothing is put into the text: what looks like a reference to the environment stays as it is. Never throws. */
export function readJsonDocument(text: string): ConfigDocument {
  const written = text.replace(/^\uFEFF/, '');
  const value = parse(written);
  let root: Part | undefined;
  const lineOf = (path: Path) => {
    root ??= new Walk(written).root;
    return lineAt(written, offsetOf(root, path));
  };
  const common = { lineOf, referenceAt: () => null, isUnresolved: () => false };
  if (value !== undefined) return { ...common, value, faults: [], readable: true };
  const line = lineAt(written, new Walk(written).end);
  return {
    ...common,
    value: null,
    faults: [{ line, path: [], message: 'not readable as JSON' }],
    readable: false,
  };
}

/** Without the parser's words: they show the text around a fault, which may be a secret. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** Where a value's key or entry begins, and what is in it. */
interface Part {
  readonly offset: number;
  readonly parts: Map<string | number, Part>;
}

/** Of the nearest part around it when the path leads nowhere. */
function offsetOf(root: Part, path: Path): number {
  let part = root;
  for (const step of path) {
    const next = part.parts.get(step);
    if (next === undefined) break;
    part = next;
  }
  return part.offset;
}

const SPACE = /[ \t\r\n]*/y;
const TEXT = /"(?:[^"\\\p{Cc}]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|[\x7f-\x9f])*"/uy;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Goes through the text once, by the grammar of RFC 8259, up to its end or its first fault. It owns the place it has reached. */
class Walk {
  readonly root: Part = { offset: 0, parts: new Map() };
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    if (this.#value(this.root)) this.#skip(SPACE);
  }

  /** How far the text is JSON. */
  get end(): number {
    return this.#at;
  }

  /** False at a fault. */
  #value(part: Part): boolean {
    this.#skip(SPACE);
    const first = this.#text[this.#at];
    if (first === '{') return this.#list('}', () => this.#member(part));
    if (first === '[') return this.#list(']', () => this.#value(this.#within(part, part.parts.size)));
    return this.#skip(TEXT) || this.#skip(SCALAR);
  }

  #member(part: Part): boolean {
    this.#skip(SPACE);
    const start = this.#at;
    if (!this.#skip(TEXT)) return false;
    const key = String(JSON.parse(this.#text.slice(start, this.#at)));
    return this.#sign(':') && this.#value(this.#within(part, key, start));
  }

  /** A key that stands there twice counts where it stands last, as in the value. */
  #within(part: Part, step: string | number, offset?: number): Part {
    this.#skip(SPACE);
    const inner: Part = { offset: offset ?? this.#at, parts: new Map() };
    part.parts.set(step, inner);
    return inner;
  }

  #list(end: '}' | ']', member: () => boolean): boolean {
    this.#at += 1;
    if (this.#sign(end)) return true;
    do if (!member()) return false;
    while (this.#sign(','));
    return this.#sign(end);
  }

  #sign(sign: string): boolean {
    this.#skip(SPACE);
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }
}
