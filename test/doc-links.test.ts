/** Pages lead where they say, and the commands on the operators' pages exist. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../src/cli/program.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGES = globSync('{*.md,docs/**/*.md,helm/brazier/README.md}', { cwd: ROOT });
const textOf = (page: string) => readFileSync(join(ROOT, page), 'utf8');

/** As GitHub makes them of headings; of equal ones the first. */
function anchorsOf(page: string): Set<string> {
  const prose = textOf(page).replaceAll(/^```[\s\S]*?^```/gm, '');
  return new Set(
    [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Relative links of a page that lead to no file, or to no heading of it. */
function brokenIn(page: string): string[] {
  const links = [...textOf(page).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
    ([, link = '']) => link,
  );
  return links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(ROOT, target))) return true;
    if (anchor === undefined || statSync(join(ROOT, target)).isDirectory()) return false;
    return target.endsWith('.md') && !anchorsOf(target).has(anchor);
  });
}

describe.each(PAGES)('%s', (page) => {
  it('has no link that leads nowhere', () => {
    expect(brokenIn(page)).toEqual([]);
  });
});

it("the operators' pages name commands and options that exist", async () => {
  const program = await createProgram(['node', 'main.ts', '--help']);
  const known = new Map(
    program.commands.map((command) => [
      command.name(),
      [command, ...command.commands].flatMap(({ options }) => options.map(({ long }) => long)),
    ]),
  );
  const pages = globSync('docs/{operate/*,rudderstack}.md', { cwd: ROOT });
  const wrong = pages.flatMap((page) =>
    [...textOf(page).matchAll(/(?:brazier(?: --)?|src\/main\.ts) ((?!node |helm\/)[a-z][a-z-]*)([^`\n|#]*)/g)]
      .filter(([whole]) => / --?[a-z]|(?:src\/main\.ts|brazier --) /.test(whole))
      .flatMap(([whole, name = '', rest = '']) => {
        const options = known.get(name);
        const used = rest.match(/(?<= )--[a-z][a-z-]+/g) ?? [];
        return options && used.every((option) => options.includes(option)) ? [] : [`${page}: ${whole}`];
      }),
  );
  expect(wrong).toEqual([]);
});

it('every page for operators is reached from their index', () => {
  const index = textOf('docs/operate/README.md');
  const missing = globSync('docs/operate/*.md', { cwd: ROOT })
    .map((page) => page.replace('docs/operate/', ''))
    .filter((page) => page !== 'README.md' && !index.includes(`(${page})`));
  expect(missing).toEqual([]);
});
