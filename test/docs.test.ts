import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

/** Functions whose arguments hold a code, and members that are one. */
const CODE_PATTERNS = [
  /\brejected\(\s*'\w+',\s*'([a-z_]+)'/g,
  /\b(?:badRequest|tooLarge|overloaded|unavailable|invalid|missing)\(\s*'([a-z]+_[a-z_]+)'/g,
  /\bfiltered\(\s*'([a-z_]+)'/g,
  /\bfail\(res, (?:\d+|status), '([a-z_]+)'/g,
  /\bcode: '([a-z]+(?:_[a-z]+)*)'/g,
  /^ {2}\['[A-Z_]+', '([a-z_]+)'\]/gm,
  /^ {2}\| '(log_[a-z]+|disk_full|backup_failed)'/gm,
];

/** The sandbox speaks Braze's texts, the configuration has problems without codes. */
const WITHOUT_CODES = /^src\/(sandbox|config)\//;

function codesOf(text: string): string[] {
  return CODE_PATTERNS.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
}

function codesInSource(): Set<string> {
  const files = globSync('{src,transformers}/**/*.ts', { cwd: ROOT }).filter(
    (file) => !WITHOUT_CODES.test(file),
  );
  return new Set(files.flatMap((file) => codesOf(readFileSync(join(ROOT, file), 'utf8'))));
}

function codesInDocs(): Set<string> {
  const text = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([a-z_]+)` \|/gm)].map((match) => match[1] ?? '');
  return new Set([...rows, 'throttled']);
}

describe('docs/errors.md', () => {
  it('lists every code of the source', () => {
    expect([...codesInSource()].filter((code) => !codesInDocs().has(code))).toEqual([]);
  });

  it('lists no code that the source does not have', () => {
    expect([...codesInDocs()].filter((code) => !codesInSource().has(code))).toEqual([]);
  });

  it('is compared with the codes that the source really gives', () => {
    const sample = "rejected('invalid', 'a_b', x); filtered('c_d', y); ({ code: 'e' }); badRequest('f_g', z)";
    expect(codesOf(sample).sort()).toEqual(['a_b', 'c_d', 'e', 'f_g']);
  });
});

describe('relative links of the documents', () => {
  it('lead to files that are there', () => {
    const documents = globSync('{*.md,docs/**/*.md}', { cwd: ROOT });
    const broken = documents.flatMap((file) => {
      const text = readFileSync(join(ROOT, file), 'utf8');
      return [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map((match) => join(file, '..', match[1] ?? ''))
        .filter((target) => globSync(target, { cwd: ROOT }).length === 0)
        .map((target) => `${file} → ${target}`);
    });
    expect(documents.length).toBeGreaterThan(5);
    expect(broken).toEqual([]);
  });
});
