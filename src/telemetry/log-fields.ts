/** Makes any value fit for a log line: secrets masked, long text cut, errors spelled out, no cycles, a bounded size. */
import { LEAST_SECRET_CHARACTERS } from '../model/secret.ts';

const MAX_TEXT = 8 * 1024;
const MAX_ENTRIES = 100;
const MAX_DEPTH = 5;
const MASK = '[secret]';

/** Texts that must never be printed; added to while the process runs. */
export class Secrets {
  #values: readonly string[] = [];

  /** Masked from now on, wherever they appear in a text; those that are too short to be secrets are left out. */
  add(values: readonly string[]): void {
    const secrets = values.filter(({ length }) => length >= LEAST_SECRET_CHARACTERS);
    const all = new Set([...this.#values, ...secrets]);
    // The longest first: a secret may begin with another one.
    this.#values = [...all].sort((a, b) => b.length - a.length);
  }

  mask(text: string): string {
    return this.#values.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
  }
}

/** Masked before it is cut, so that no half of a secret stays. */
export function loggableText(text: string, secrets: Secrets): string {
  const masked = secrets.mask(text);
  return masked.length > MAX_TEXT ? `${masked.slice(0, MAX_TEXT)}… (${masked.length} characters)` : masked;
}

/** JSON-safe and new: what was given is not changed. undefined and functions come back as undefined. */
export function loggable(value: unknown, secrets: Secrets, depth = 0): unknown {
  if (typeof value === 'string') return loggableText(value, secrets);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (depth >= MAX_DEPTH) return '…';
  if (value instanceof Error) return loggableError(value, secrets, depth);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ENTRIES).map((item) => loggable(item, secrets, depth + 1) ?? null);
  }
  const entries = Object.entries(value).slice(0, MAX_ENTRIES);
  return Object.fromEntries(entries.map(([key, item]) => [key, loggable(item, secrets, depth + 1)]));
}

function loggableError(error: Error, secrets: Secrets, depth: number) {
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: error.name,
    message: loggableText(error.message, secrets),
    ...(code === undefined ? {} : { code: String(code) }),
    stack: loggableText(error.stack ?? '', secrets),
    ...(error.cause === undefined ? {} : { cause: loggable(error.cause, secrets, depth + 1) }),
  };
}
