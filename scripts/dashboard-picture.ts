/**
 * `node scripts/dashboard-picture.ts [--minutes 4] [--brokers host:port]`: makes docs/operate/dashboard.png anew. Every
 * query of the dashboard is answered by a real Prometheus that scraped the real server; the drawing is ours, not
 * Grafana's. With brokers the server keeps its events on Kafka, and the picture is of that row alone. Needs Chromium and
 * pngquant, which are packages of Debian.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DrawnPanel, page } from './observability/picture/draw.ts';
import { evaluate, type Span, type Target } from './observability/picture/evaluate.ts';
import { type Rehearsal, rehearse } from './observability/picture/rehearsal.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '4' }, brokers: { type: 'string' } },
});
const ROOT = join(import.meta.dirname, '..');
const PICTURE = join(ROOT, `docs/operate/dashboard${values.brokers === undefined ? '' : '-kafka'}.png`);
/** Curves of so many points are as fine as the picture. */
const STEPS = 200;

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly gridPos: DrawnPanel['gridPos'];
  readonly panels?: readonly Panel[];
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit: string;
      readonly thresholds: { readonly steps: readonly { readonly color: string; readonly value: number }[] };
    };
  };
}

const { panels } = JSON.parse(readFileSync(join(ROOT, 'helm/brazier/dashboards/brazier.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
};

const log =
  values.brokers === undefined ? {} : { kind: 'kafka', brokers: [values.brokers], replicationFactor: 1 };
const rehearsal = await rehearse(Number(values.minutes) * 60, log);
try {
  take(page(await drawn(rehearsal), spanOf(rehearsal)));
} finally {
  await rehearsal.close();
}
console.log(PICTURE);

function spanOf({ from, to }: Rehearsal): Span {
  return { from, to, stepSeconds: Math.max(1, (to - from) / STEPS) };
}

/** Without Kafka its row stays folded, as in Grafana. */
function shown(): Panel[] {
  if (values.brokers === undefined) return [...panels];
  const row = panels.find(({ title }) => title === 'Kafka');
  const lift = row?.gridPos.y ?? 0;
  const lifted = [...(row ? [row] : []), ...(row?.panels ?? [])];
  return lifted.map((panel) => ({ ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y - lift } }));
}

async function drawn(from: Rehearsal): Promise<DrawnPanel[]> {
  const all: DrawnPanel[] = [];
  for (const { title, type, gridPos, targets = [], fieldConfig, panels: folded = [] } of shown()) {
    const answers = [];
    for (const target of targets) answers.push(await evaluate(from.prometheus, target, spanOf(from)));
    const curves = answers.flat();
    if (type !== 'row' && curves.length === 0) console.log(`no data: ${title}`);
    const { unit = 'none', thresholds } = fieldConfig?.defaults ?? {};
    const redFrom = thresholds?.steps.find(({ color }) => color === 'red')?.value;
    const isFolded = values.brokers === undefined && folded.length > 0;
    const name = isFolded ? `${title} (folded, ${folded.length} panels)` : title;
    all.push({ title: name, type, gridPos, unit, curves, ...(redFrom !== undefined && { redFrom }) });
  }
  return all;
}

function take({ html, width, height }: ReturnType<typeof page>): void {
  const folder = mkdtempSync(join(tmpdir(), 'brazier-picture-'));
  try {
    const file = join(folder, 'dashboard.html');
    writeFileSync(file, html);
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      `--user-data-dir=${folder}`,
    ];
    const what = [`--window-size=${width},${height}`, `--screenshot=${PICTURE}`, `file://${file}`];
    execFileSync('chromium', [...flags, ...what], { stdio: ['ignore', 'ignore', 'pipe'] });
    // A third of the size: it has few colours.
    execFileSync('pngquant', ['--force', '--output', PICTURE, '64', PICTURE]);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
