/**
 * What the judge says of the process itself:
 *
 * - I7 its memory stays below a limit, its open files come back to what they were, nothing was rejected unheard
 * - I8 no secret and nothing personal stands in what it shows to those who may not see it
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';

export interface Vitals {
  /** The most it ever had. */
  readonly peakBytes: number;
  readonly openFiles: number;
}

/** What Linux says of a running process. */
export function vitalsOf(pid: number): Vitals {
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return { peakBytes: Number(peak?.[1]) * 1024, openFiles: readdirSync(`/proc/${pid}/fd`).length };
}

/** Whatever begins like this belongs to nobody but Braze, or to nobody at all: keys, e-mails, traits. */
export const CANARY = 'canary-';

/** Names of the texts in which a secret stands. */
export function leaksIn(shown: Readonly<Record<string, string>>, secrets: readonly string[]): string[] {
  return Object.entries(shown)
    .filter(([, text]) => [CANARY, ...secrets].some((secret) => text.includes(secret)))
    .map(([name]) => name);
}

export interface ProcessEvidence {
  readonly before: Vitals;
  readonly after: Vitals;
  readonly maxBytes: number;
  /** Sockets that may be kept open for the next use. */
  readonly sockets: number;
  readonly stderr: string;
}

export function expectHealthy({ before, after, maxBytes, sockets, stderr }: ProcessEvidence): void {
  console.log(`resident memory at its most: ${Math.round(after.peakBytes / 2 ** 20)} MB`);
  expect(after.peakBytes, 'resident memory at its most').toBeLessThan(maxBytes);
  expect(after.openFiles, 'open files').toBeLessThanOrEqual(before.openFiles + sockets);
  expect(stderr).not.toMatch(/unhandled|uncaught|MaxListenersExceeded/i);
}
