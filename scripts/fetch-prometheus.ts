/** `node scripts/fetch-prometheus.ts`: gets Prometheus and promtool for test/observability, once. */
import { fetchPrometheus, isPrometheusHere, programPath } from './observability/prometheus.ts';

if (!isPrometheusHere()) fetchPrometheus();
console.log(`prometheus: ${programPath('prometheus')}\npromtool: ${programPath('promtool')}`);
