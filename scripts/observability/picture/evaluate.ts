/** What Prometheus answers for each query of a panel: its curves over the time of the picture, with their legends. */
import type { PrometheusServer } from '../../../test/observability/support/prometheus-server.ts';

export interface Curve {
  /** As Grafana would name it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since the epoch, and the value. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
}

export interface Target {
  readonly expr: string;
  readonly legendFormat?: string;
}

/** Ten scrapes: smooth enough to be read. */
const RATE_INTERVAL = '10s';

/** Everything is chosen: the values that the variables have when nobody touches them. */
export const chosen = (expr: string, rateInterval: string): string =>
  expr
    .replaceAll('$__rate_interval', rateInterval)
    .replaceAll(/"\$(job|instance)"/g, '".+"')
    .replaceAll(/"\$(namespace|source|destination)"/g, '".*"');

export async function evaluate(
  prometheus: PrometheusServer,
  { expr, legendFormat }: Target,
  { from, to, stepSeconds }: Span,
): Promise<Curve[]> {
  const query = new URLSearchParams({
    query: chosen(expr, RATE_INTERVAL),
    start: String(from),
    end: String(to),
    step: String(stepSeconds),
  });
  const { result } = await prometheus.api<{
    result: readonly { metric: Curve['labels']; values: readonly [number, string][] }[];
  }>(`query_range?${query}`);
  return result.map(({ metric, values }) => ({
    name: legendFormat?.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '') ?? nameOf(metric),
    labels: metric,
    points: values.map(([at, value]) => [at, Number(value)] as const),
  }));
}

const nameOf = (metric: Curve['labels']): string =>
  `{${Object.entries(metric)
    .map(([label, value]) => `${label}="${value}"`)
    .join(', ')}}`;
