/** The dashboard as Grafana takes it, as far as that can be seen without Grafana. */
import { describe, expect, it } from 'vitest';
import { dashboard } from '../../scripts/observability/dashboard.ts';
import { type DashboardPanel, dashboardFile, panelsOf } from './support/known.ts';

const file = dashboardFile();
const all = file.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);

describe('the dashboard', () => {
  it('is what its rows of panels make (node scripts/dashboard.ts)', () => {
    expect(file).toEqual(JSON.parse(JSON.stringify(dashboard())));
  });

  it('keeps its uid, since links lead to it', () => expect(file.uid).toBe('brazier'));

  it('lets one choose where to look', () => {
    expect(file.templating.list.map(({ name }) => name)).toEqual([
      'datasource',
      'namespace',
      'job',
      'instance',
      'source',
      'destination',
    ]);
  });

  it('has the rows in the order of an event', () => {
    expect(file.panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual([
      'Overview',
      'Ingestion',
      'Kafka',
      'Transform',
      'Braze',
      'Queue, log and dead letters',
      'Runtime',
    ]);
  });

  it('gives every panel an id of its own', () => {
    const ids = all.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(panelsOf(file).map((panel) => [panel.title, panel] as const))(
    '«%s» has a data source, a unit and a query',
    (_title, panel) => {
      expect(panel.datasource).toEqual({ type: 'prometheus', uid: '$' + '{datasource}' });
      expect(panel.fieldConfig?.defaults.unit).toMatch(/^(eps|reqps|ops|s|bytes|percentunit|short|none)$/);
      expect(panel.targets?.length).toBeGreaterThan(0);
      for (const { datasource, expr } of panel.targets ?? []) {
        expect(datasource).toEqual(panel.datasource);
        expect(expr).not.toContain('%s');
        expect(expr).toContain('instance=~"$instance"');
      }
      expect(panel.description).toMatch(/\S\.$/);
      const ids = panel.targets?.map(({ refId }) => refId);
      expect(new Set(ids).size).toBe(ids?.length);
    },
  );

  it('asks for rates over a range that Grafana fits to the zoom, or for what an hour made of it', () => {
    const ranges = panelsOf(file).flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => [...expr.matchAll(/\b(\w+)\([^()]*\[([^\]]+)\]\)/g)]),
    );
    expect(ranges.length).toBeGreaterThan(30);
    for (const [expr, how, range] of ranges)
      expect([how, range], expr).toEqual(how === 'rate' ? ['rate', '$__rate_interval'] : ['increase', '1h']);
  });

  it('shows no counter as it stands, since a restart begins it anew', () => {
    const bare = panelsOf(file).flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => expr.match(/\w+_total\{[^}]*\}(?!\[)/g) ?? []),
    );
    expect(bare).toEqual([]);
  });

  it('lays no panel over another, nor beyond the edge', () => {
    const overlaps = (a: DashboardPanel['gridPos'], b: DashboardPanel['gridPos']) =>
      a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
    const folded = file.panels.map(({ panels = [] }) => panels);
    for (const together of [file.panels, ...folded]) {
      for (const [index, { gridPos, title }] of together.entries()) {
        expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
        const hit = together.slice(index + 1).filter((other) => overlaps(gridPos, other.gridPos));
        expect(hit.map((other) => `${title} / ${other.title}`)).toEqual([]);
      }
    }
  });
});
