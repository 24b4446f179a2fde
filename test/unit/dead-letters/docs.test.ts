import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LIST, RESEND, SELECTION, WANTED } from '../../../src/admin/asked.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const ROOT = join(import.meta.dirname, '../../..');
const DOCS = readFileSync(join(ROOT, 'docs/dead-letters.md'), 'utf8');

test('docs/dead-letters.md lists the routes of the admin API that it is about, and no others', () => {
  const source = globSync('src/admin/{dead-letter,replay}-routes.ts', { cwd: ROOT }).map((file) =>
    readFileSync(join(ROOT, file), 'utf8'),
  );
  const routes = [...source.join('\n').matchAll(/\bapp\.(get|post)\('([^']+)'/g)].map(
    ([, method = '', path]) => `${method.toUpperCase()} ${path}`,
  );
  const rows = [...DOCS.matchAll(/^\| `((?:GET|POST) [^`]+)` \|/gm)].map(([, route]) => route);
  expect(routes.length).toBe(6);
  expect(rows.toSorted()).toEqual(routes.toSorted());
});

test('docs/dead-letters.md names every member that can be asked for', () => {
  const members = Object.keys({ ...SELECTION, ...LIST, ...WANTED, ...RESEND });
  const text = DOCS.replaceAll(/```.*?```/gs, '');
  const code = [...text.matchAll(/`([^`]+)`/g)].map(([, quoted]) => quoted ?? '');
  const isNamed = (name: string) => code.some((quoted) => new RegExp(`(^|[^\\w-])${name}\\b`).test(quoted));
  expect(members.filter((name) => !isNamed(name))).toEqual([]);
});

test('docs/dead-letters.md names every metric of the letters', async () => {
  const { registry } = createMetrics({ version: '0' }, { processMetrics: false });
  const names = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  const letters = names.filter(
    (name) => name.startsWith('brazier_dead_letters') && name !== 'brazier_dead_letters_total',
  );
  expect(letters.length).toBe(6);
  expect(letters.filter((name) => !DOCS.includes(`\`${name}\``))).toEqual([]);
});
