/** The files that operators get, and the metrics that there are. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

export const ROOT = join(import.meta.dirname, '../../..');
export const RULES_FILE = join(ROOT, 'helm/brazier/alerts/brazier.rules.yaml');
export const DASHBOARD_FILE = join(ROOT, 'helm/brazier/dashboards/brazier.json');

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export function alerts(): Alert[] {
  const { groups } = parse(readFileSync(RULES_FILE, 'utf8')) as { groups: readonly { rules: Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

export const alertNames = (): string[] => [...new Set(alerts().map(({ alert }) => alert))];

export const pageNames = (): string[] =>
  globSync('docs/operate/alerts/Brazier*.md', { cwd: ROOT }).map((file) =>
    file.replace(/.*\/(\w+)\.md$/, '$1'),
  );

export const pageOf = (name: string): string =>
  readFileSync(join(ROOT, `docs/operate/alerts/${name}.md`), 'utf8');

export interface Target {
  readonly expr: string;
  readonly refId: string;
  readonly datasource?: unknown;
}
export interface DashboardPanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly panels?: readonly DashboardPanel[];
}
export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly DashboardPanel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

export const dashboardFile = (): Dashboard => JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8'));

/** All but the headers of rows, those in folded rows too. */
export const panelsOf = ({ panels }: Dashboard): DashboardPanel[] =>
  panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]));

const metrics = createMetrics({ version: 'test' });

/** Series that a metric of the registry has, each with its labels; those of a histogram under their own names. */
export function knownSeries(): Map<string, readonly string[]> {
  const known = new Map<string, readonly string[]>();
  for (const metric of metrics.registry.getMetricsAsArray()) {
    const {
      name,
      type,
      labelNames = [],
    } = metric as unknown as { name: string; type: string; labelNames?: string[] };
    known.set(name, labelNames);
    if (type !== 'histogram') continue;
    known.delete(name);
    known.set(`${name}_bucket`, [...labelNames, 'le']);
    for (const end of ['sum', 'count']) known.set(`${name}_${end}`, labelNames);
  }
  return known;
}
