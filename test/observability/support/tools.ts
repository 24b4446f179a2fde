/** Whether Prometheus is here: without it its tests are skipped and say so, in CI they fail. */
import { isPrometheusHere } from '../../../scripts/observability/prometheus.ts';

export const isLacking = !isPrometheusHere();

if (isLacking) {
  const message = 'there is no Prometheus to test alerts with: run node scripts/fetch-prometheus.ts';
  if (process.env.CI === 'true') throw new Error(message);
  console.warn(`skipped: ${message}`);
}
