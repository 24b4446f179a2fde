/** Golden cases: what each event becomes at Braze. `node scripts/cases-update.ts` rewrites them; read the diff. */
import { describe, expect, it } from 'vitest';
import { listCases, readCase, runCase } from './cases/run-case.ts';

describe('golden cases', () => {
  it.each(listCases())('%s', (name) => {
    const golden = readCase(name);
    const answer = runCase(golden);
    // Compared as text too: the order of members and keys such as `__proto__` count.
    expect(answer).toEqual(golden.expected);
    expect(JSON.stringify(answer)).toBe(JSON.stringify(golden.expected));
  });
});
