import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ADMIN_ROUTES } from '../../../src/admin/description.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const ROOT = join(import.meta.dirname, '../../..');
const DOCS = readFileSync(join(ROOT, 'docs/dead-letters.md'), 'utf8');

const ROUTES = ADMIN_ROUTES.filter(({ tag }) => tag === 'dead letters' || tag === 'replays');

test('docs/dead-letters.md lists the routes of the admin API that it is about, and no others', () => {
  const routes = ROUTES.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  const rows = [...DOCS.matchAll(/^\| `((?:GET|POST) [^`]+)` \|/gm)].map(([, route]) => route);
  expect(routes.length).toBe(6);
  expect(rows.toSorted()).toEqual(routes.toSorted());
});

test('docs/dead-letters.md names every member that can be asked for', () => {
  const members = ROUTES.flatMap(({ query, body }) => Object.keys((body?.schema ?? query)?.properties ?? {}));
  expect(members.length).toBeGreaterThan(20);
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
