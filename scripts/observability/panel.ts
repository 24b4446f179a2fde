/** What a panel of the dashboard is: a title, a unit, and the queries behind it. */

export interface Query {
  /** PromQL; `%s` stands for the selector of the processes, to which more matchers may be added. */
  readonly expr: string;
  /** Grafana's `{{label}}` pattern. */
  readonly legend?: string;
}

export interface Panel {
  readonly title: string;
  readonly type: 'timeseries' | 'stat' | 'heatmap' | 'table';
  /** One of Grafana's unit ids. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** What to look for in it. */
  readonly description: string;
  /** Of 24. */
  readonly width?: number;
  /** Above it the panel turns red. */
  readonly redFrom?: number;
}

export interface Row {
  readonly title: string;
  /** Folded: not everybody has it. */
  readonly isFolded?: boolean;
  readonly panels: readonly Panel[];
}

export const SOURCE = '%s, source=~"$source"';
export const DESTINATION = '%s, destination=~"$destination"';
export const GROUP = '%s, group=~"$destination"';

type Options = Pick<Panel, 'description'> & Partial<Panel>;

/** Lines over time; of a counter give `rate`. */
export function lines(title: string, unit: string, queries: readonly Query[], options: Options): Panel {
  return { title, type: 'timeseries', unit, queries, ...options };
}

export function stat(title: string, unit: string, expr: string, options: Options): Panel {
  return { title, type: 'stat', unit, queries: [{ expr }], width: 4, ...options };
}

export const rate = (metric: string, selector: string): string =>
  `rate(${metric}{${selector}}[$__rate_interval])`;

/** How often a second, for each combination of these labels. */
export function perSecond(metric: string, selector: string, labels: readonly string[]): Query {
  const by = labels.join(', ');
  const legend = labels.map((label) => `{{${label}}}`).join(' ');
  return { expr: `sum by (${by}) (${rate(metric, selector)})`, legend };
}

/** A quantile of a histogram, for each combination of these labels. */
export function quantile(
  share: number,
  metric: string,
  selector: string,
  labels: readonly string[] = [],
): Query {
  const by = ['le', ...labels].join(', ');
  return {
    expr: `histogram_quantile(${share}, sum by (${by}) (${rate(`${metric}_bucket`, selector)}))`,
    legend: [`p${share * 100}`, ...labels.map((label) => `{{${label}}}`)].join(' '),
  };
}

/** As it is, put together for each combination of these labels. */
export const value = (metric: string, selector: string, labels: readonly string[], how = 'sum'): Query => ({
  expr: `${how} by (${labels.join(', ')}) (${metric}{${selector}})`,
  legend: labels.map((label) => `{{${label}}}`).join(' '),
});
