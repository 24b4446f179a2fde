/** Changes a method of kafkajs, once and only when it is the very text that the change was written for. */
import { createHash } from 'node:crypto';
import { KAFKAJS_VERSION } from './internals.ts';

/** What the patches were read against. */
const PATCHED_VERSION = '2.2.4';

/** Class and method, as the message names them. */
interface PatchedMethod {
  readonly name: string;
  /** SHA-256 of the method's source text, hex. */
  readonly sourceHash: string;
}

const done = new Map<string, unknown>();

/** A patched method's text, as the guard compares it. */
export function sourceHashOf(method: unknown): string {
  return createHash('sha256').update(String(method)).digest('hex');
}

/**
 * Replaces `prototype[key]` by what `wrap` makes of it; a second call does nothing. Throws when kafkajs is not the version,
 * or the method not the text, that the patch was made for: what it would do then nobody knows.
 */
export function patchMethod<T extends object, K extends keyof T>(
  prototype: T,
  key: K,
  expected: PatchedMethod,
  wrap: (original: T[K]) => T[K],
): void {
  const original = prototype[key];
  if (done.has(expected.name) && done.get(expected.name) === original) return;
  const found = sourceHashOf(original);
  if (KAFKAJS_VERSION !== PATCHED_VERSION || found !== expected.sourceHash) {
    throw new Error(
      `kafkajs ${KAFKAJS_VERSION} is not the ${PATCHED_VERSION} that ${expected.name} was patched in (source ${found.slice(0, 12)}, ` +
        `expected ${expected.sourceHash.slice(0, 12)}): install the version that package-lock.json names`,
    );
  }
  prototype[key] = wrap(original);
  done.set(expected.name, prototype[key]);
}
