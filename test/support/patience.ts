/**
 * Waiting for a condition has a deadline of a minute where a test names none: vitest's own second is over on a shared
 * machine before anything is wrong.
 */
import { vi } from 'vitest';

const DEADLINE_MS = 60_000;

const { waitFor } = vi;
vi.waitFor = (condition, options = {}) =>
  waitFor(condition, typeof options === 'number' ? options : { timeout: DEADLINE_MS, ...options });
