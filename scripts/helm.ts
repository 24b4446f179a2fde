/**
 * `node scripts/helm.ts`: writes what of the chart is made from something else: its schema, the table of its README, and
 * what it renders for each values file of `ci/`. Of the last it says what an upgrade from the rendering before would do.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartSchema } from './helm/chart-schema.ts';
import { CHART, CI_NAMES, ciFile, objectsOf, template } from './helm/render.ts';
import { HELM_VERSIONS, missingTools } from './helm/tools.ts';
import { compareReleases } from './helm/upgrade.ts';
import { withTable } from './helm/values-table.ts';

const RENDERED = join(import.meta.dirname, '../test/helm/rendered');
const read = (name: string): string => readFileSync(join(CHART, name), 'utf8');

function writeRendered(name: string): void {
  const file = join(RENDERED, `${name}.yaml`);
  const before = existsSync(file) ? objectsOf(readFileSync(file, 'utf8')) : [];
  const { ok, stdout, stderr } = template(HELM_VERSIONS[1], [ciFile(name)]);
  if (!ok) throw new Error(`${name}: ${stderr}`);
  writeFileSync(file, stdout);
  const { restarts, removed, refused } = compareReleases(before, objectsOf(stdout));
  if (restarts.length > 0) console.log(`${name}: an upgrade restarts ${restarts.join(', ')}`);
  if (removed.length > 0) console.log(`${name}: an upgrade removes ${removed.join(', ')}`);
  if (refused.length > 0) console.log(`${name}: an upgrade is REFUSED for ${refused.join(', ')}`);
}

writeFileSync(join(CHART, 'values.schema.json'), `${JSON.stringify(chartSchema(), null, 2)}\n`);
writeFileSync(join(CHART, 'README.md'), withTable(read('README.md'), read('values.yaml')));
// As every other JSON file of the project is written.
execFileSync('biome', ['format', '--write', join(CHART, 'values.schema.json')], { stdio: 'ignore' });

if (missingTools().length > 0) console.log('not rendered: first node scripts/helm-tools.ts');
else CI_NAMES.forEach(writeRendered);
