/** `node scripts/dashboard.ts`: writes the chart's dashboard from its rows of panels. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dashboard } from './observability/dashboard.ts';

const FILE = join(import.meta.dirname, '../helm/brazier/dashboards/brazier.json');

writeFileSync(FILE, `${JSON.stringify(dashboard(), null, 2)}\n`);
// As every other JSON file of the project is written.
execFileSync('biome', ['format', '--write', FILE], { stdio: 'ignore' });
