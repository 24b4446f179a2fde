/** Golden cases: what each event becomes at Braze. `node scripts/cases-update.ts` rewrites them; read the diff. */
import { describe, expect, it } from 'vitest';
import { type GoldenCase, listCases, readCase, runCase } from './cases/run-case.ts';

describe('golden cases', () => {
  it.each(listCases())('%s', (name) => {
    const golden = readCase(name);
    const answer = runCase(golden);
    // Compared as text too: the order of members and keys such as `__proto__` count.
    expect(answer).toEqual(golden.expected);
    expect(JSON.stringify(answer)).toBe(JSON.stringify(golden.expected));
  });

  it('of rejections name the field, what was expected and what came', () => {
    const issues = listCases().flatMap((name) => issuesOf(readCase(name)));
    expect(issues.length).toBeGreaterThan(80);
    expect(issues.filter((issue) => !isComplete(issue))).toEqual([]);
  });
});

interface NamedIssue {
  readonly code: string;
  readonly path: string;
  readonly message: string;
}

function issuesOf({ expected }: GoldenCase): NamedIssue[] {
  const { rejected } = expected as unknown as { rejected?: { code: string; issues: NamedIssue[] } };
  return (rejected?.issues ?? []).map((issue) => ({ ...issue, code: rejected?.code ?? '' }));
}

/** The event as a whole has no path. Some of RudderStack's texts say what is expected in words of their own. */
function isComplete({ code, path, message }: NamedIssue): boolean {
  const isNamed = path !== '' || code === 'not_an_object';
  const isExpectationSaid = /expected|is not a JSON object|possible values|should have|must be/.test(message);
  return isNamed && isExpectationSaid && /\bgot\b/i.test(message);
}
