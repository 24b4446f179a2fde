/** The YAML text of a configuration: its value with the environment filled in, and where each part stands. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLError,
} from 'yaml';
import type { Environment } from './environment.ts';
import { interpolate, isOneReference } from './interpolate.ts';
import { type Path, show } from './validator.ts';

export interface LineFault {
  readonly line: number;
  /** Empty where the text is not readable enough to say. */
  readonly path: Path;
  readonly message: string;
}

export interface ConfigDocument {
  /** As `JSON.parse` would give it; fresh, to be changed at will. */
  readonly value: unknown;
  /** Faults of the text itself. When `readable` is false the value is not worth checking. */
  readonly faults: readonly LineFault[];
  readonly readable: boolean;
  /** The line of a key or entry; of the nearest one around it when it is not there. */
  lineOf(path: Path): number;
  /** The text as written, when environment variables were put into it; else null. */
  referenceAt(path: Path): string | null;
  /** A reference was not resolved there: whatever else is wrong with it follows from that. */
  isUnresolved(path: Path): boolean;
}

export function readDocument(text: string, env: Environment): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => lines.linePos(offset).line;
  const syntax = [...document.errors, ...document.warnings].map((error) => syntaxFault(error, text, lineAt));
  const refused = refusedNodes(document, lineAt);
  const readable = refused.length === 0 && document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  const filled = readable ? fillIn(document, env, lineAt) : NOTHING_FILLED;
  return {
    value: readable ? document.toJS() : null,
    faults: [...syntax, ...refused, ...filled.faults],
    readable,
    lineOf: (path) => lineAt(offsetOf(document, path)),
    referenceAt: (path) => filled.references.get(nodeAt(document, path)) ?? null,
    isUnresolved: (path) => filled.unresolved.has(nodeAt(document, path)),
  };
}

interface Filled {
  readonly references: ReadonlyMap<unknown, string>;
  readonly unresolved: ReadonlySet<unknown>;
  readonly faults: readonly LineFault[];
}

const NOTHING_FILLED: Filled = { references: new Map(), unresolved: new Set(), faults: [] };

/** After parsing, so that a variable's text can never become YAML. */
function fillIn(document: Document, env: Environment, lineAt: (offset: number) => number): Filled {
  const references = new Map<unknown, string>();
  const unresolved = new Set<unknown>();
  const faults: LineFault[] = [];
  visit(document, {
    Scalar(key, node: Scalar, ancestors) {
      if (key === 'key' || typeof node.value !== 'string') return;
      const written = node.value;
      const { text, replaced, faults: messages } = interpolate(written, env);
      node.value = text;
      if (replaced) references.set(node, written);
      if (messages.length > 0) unresolved.add(node);
      const path = pathOf(node, ancestors);
      const line = lineAt(node.range?.[0] ?? 0);
      faults.push(...messages.map((message) => ({ line, path, message })));
    },
  });
  return { references, unresolved, faults };
}

/** The parser's messages name the token they stumble over, which may be a secret: those are cut. */
function syntaxFault(error: YAMLError, text: string, lineAt: (offset: number) => number): LineFault {
  const line = lineAt(error.pos[0]);
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^["']?([\w.-]{1,60})/.exec(text.slice(error.pos[0]))?.[1] ?? '';
    return { line, path: [], message: `found the key ${key} a second time, expected it once` };
  }
  const hint = (text.split('\n')[line - 1] ?? '').includes('${')
    ? ` (inside { } and [ ], put \${…} in quotes)`
    : '';
  return { line, path: [], message: `not readable as YAML: ${error.message.replace(/:? ".*$/s, '')}${hint}` };
}

/** Aliases can refer to themselves, and keys that are not text have no path. */
function refusedNodes(document: Document, lineAt: (offset: number) => number): LineFault[] {
  const faults: LineFault[] = [];
  const refuse = (node: Node, message: string) => {
    faults.push({ line: lineAt(node.range?.[0] ?? 0), path: [], message });
  };
  visit(document, {
    Alias: (_key, node) =>
      refuse(node, 'found an alias (*…), expected the value itself (quote text that begins with *)'),
    Pair: (_key, { key }) => {
      if (!isScalar(key) && !isAlias(key))
        refuse(key as Node, 'found a key that is not text, expected a name');
    },
  });
  return faults;
}

function pathOf(node: unknown, ancestors: readonly unknown[]): Path {
  return [...ancestors, node].flatMap<string | number>((step, index, steps) => {
    if (isPair(step) && isScalar(step.key)) return [String(step.key.value)];
    const above = steps[index - 1];
    return isSeq(above) ? [above.items.indexOf(step)] : [];
  });
}

function nodeAt(document: Document, path: Path): unknown {
  return document.getIn(path, true);
}

/** Of a key rather than of its value: a mapping's value stands on the next line. */
function offsetOf(document: Document, path: Path): number {
  let offset = 0;
  let node: unknown = document.contents;
  for (const step of path) {
    const next = childOf(node, step);
    if (next === null) break;
    offset = next.offset;
    node = next.value;
  }
  return offset;
}

function childOf(node: unknown, step: string | number): { offset: number; value: unknown } | null {
  if (isSeq(node)) {
    const item = node.items[Number(step)] as Node | undefined;
    return item === undefined ? null : { offset: item.range?.[0] ?? 0, value: item };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
  if (pair === undefined) return null;
  return { offset: (pair.key as Node).range?.[0] ?? 0, value: pair.value };
}

/** How a value found at `path` is shown: what came from the environment by its reference, not its text. */
export function showFound(document: ConfigDocument, path: Path, value: unknown): string {
  const reference = document.referenceAt(path);
  return reference === null ? show(value) : `text from ${reference}`;
}

/** Text that is wholly one reference, as the number or truth value that was wanted there; else undefined. */
export function convertReference(
  document: ConfigDocument,
  path: Path,
  value: unknown,
  wanted: string,
): unknown {
  const reference = document.referenceAt(path);
  if (reference === null || !isOneReference(reference) || typeof value !== 'string') return undefined;
  if (wanted === 'boolean') return value === 'true' ? true : value === 'false' ? false : undefined;
  if (wanted !== 'integer' && wanted !== 'number') return undefined;
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
}
