/** Grafana's dashboard, made of the rows of panels: ids, places, selectors and variables are given here. */
import type { Panel, Row } from './panel.ts';
import { ROWS } from './panels.ts';

/** Every process that is chosen. Where Prometheus gives no namespace, `.*` matches that too. */
const PROCESSES = 'namespace=~"$namespace", job=~"$job", instance=~"$instance"';

const DATASOURCE = { type: 'prometheus', uid: '$' + '{datasource}' };
const PANEL_HEIGHT = 8;
const STAT_HEIGHT = 4;
const COLUMNS = 24;

type Json = Record<string, unknown>;

/** The whole dashboard as Grafana imports it and as its sidecar reads it. */
export function dashboard(): Json {
  return {
    uid: 'brazier',
    title: 'Brazier',
    description:
      'Events from their senders to Braze: what comes in, what waits, what goes out, and what does not.',
    tags: ['brazier'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'browser',
    annotations: { list: [deployments()] },
    templating: { list: variables() },
    panels: layOut(ROWS),
  };
}

function deployments(): Json {
  const info = `brazier_build_info{${PROCESSES}}`;
  return {
    name: 'Versions',
    enable: true,
    iconColor: 'blue',
    datasource: DATASOURCE,
    expr: `count by (version) (${info} unless ${info} offset 2m)`,
    step: '60s',
    titleFormat: 'Brazier {{version}} started',
  };
}

function variables(): Json[] {
  const of = (metric: string, label: string) => `label_values(${metric}, ${label})`;
  return [
    { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1 },
    choice('namespace', 'Namespace', of('brazier_build_info', 'namespace')),
    choice('job', 'Job', of('brazier_build_info{namespace=~"$namespace"}', 'job')),
    choice(
      'instance',
      'Instance',
      of('brazier_build_info{namespace=~"$namespace", job=~"$job"}', 'instance'),
    ),
    choice('source', 'Source', of(`brazier_ingest_events_total{${PROCESSES}}`, 'source')),
    choice('destination', 'Destination', of(`brazier_events_read_total{${PROCESSES}}`, 'destination')),
  ];
}

function choice(name: string, label: string, query: string): Json {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: 'A' },
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    // Every series has a job and an instance; a namespace only what runs on Kubernetes.
    allValue: name === 'job' || name === 'instance' ? '.+' : '.*',
    current: { text: ['All'], value: ['$__all'] },
  };
}

/** From left to right and down; a folded row holds its panels itself, as Grafana wants it. */
function layOut(rows: readonly Row[]): Json[] {
  let id = 0;
  let y = 0;
  const nextId = () => {
    id += 1;
    return id;
  };
  return rows.flatMap(({ title, isFolded = false, panels }) => {
    const header = {
      id: nextId(),
      type: 'row',
      title,
      collapsed: isFolded,
      gridPos: place(0, y, COLUMNS, 1),
    };
    y += 1;
    const below = y;
    const placed: Json[] = [];
    let x = 0;
    for (const panel of panels) {
      const [w, h] = sizeOf(panel);
      if (x + w > COLUMNS) [x, y] = [0, y + heightBefore(placed)];
      placed.push(panelJson(panel, nextId(), place(x, y, w, h)));
      x += w;
    }
    // What is folded takes no room until somebody unfolds it.
    y = isFolded ? below : y + heightBefore(placed);
    return isFolded ? [{ ...header, panels: placed }] : [{ ...header, panels: [] }, ...placed];
  });
}

const place = (x: number, y: number, w: number, h: number): Json => ({ x, y, w, h });

const sizeOf = ({ type, width = 12 }: Panel): [number, number] => [
  width,
  type === 'stat' ? STAT_HEIGHT : PANEL_HEIGHT,
];

function heightBefore(placed: readonly Json[]): number {
  return (placed.at(-1)?.gridPos as { h: number } | undefined)?.h ?? 0;
}

function panelJson(panel: Panel, id: number, gridPos: Json): Json {
  const { type, title, description, queries } = panel;
  return {
    id,
    type,
    title,
    description,
    gridPos,
    datasource: DATASOURCE,
    fieldConfig: { defaults: fieldDefaults(panel), overrides: [] },
    options: optionsOf(type),
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      datasource: DATASOURCE,
      expr: expr.replaceAll('%s', PROCESSES),
      ...(legend !== undefined && { legendFormat: legend }),
      ...(type === 'heatmap' && { format: 'heatmap' }),
      ...(type === 'table' && { format: 'table', instant: true }),
    })),
  };
}

function fieldDefaults({ type, unit, redFrom }: Panel): Json {
  const red = redFrom === undefined ? [] : [{ color: 'red', value: redFrom }];
  return {
    unit,
    ...(type !== 'heatmap' && { min: 0 }),
    color: { mode: type === 'timeseries' ? 'palette-classic' : 'thresholds' },
    thresholds: { mode: 'absolute', steps: [{ color: 'green', value: null }, ...red] },
    ...(type === 'timeseries' && {
      custom: {
        lineWidth: 1,
        fillOpacity: 8,
        showPoints: 'never',
        thresholdsStyle: { mode: red.length > 0 ? 'line' : 'off' },
      },
    }),
  };
}

function optionsOf(type: Panel['type']): Json {
  if (type === 'stat')
    return { reduceOptions: { calcs: ['lastNotNull'] }, graphMode: 'area', colorMode: 'value' };
  if (type === 'heatmap')
    return { calculate: false, yAxis: { unit: 's' }, color: { scheme: 'Oranges', mode: 'scheme' } };
  if (type === 'table') return { showHeader: true };
  return {
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
}
