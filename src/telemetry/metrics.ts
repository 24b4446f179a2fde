/**
 * Every metric Brazier exposes, made once per process (or per test) on its own registry.
 * Names follow Prometheus' rules: base units, `_total` on counters, no ids or payload values as labels.
 * On hot paths they are counted per batch, chunk or request, never per event.
 */
import { getHeapStatistics } from 'node:v8';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { alertMetrics } from './metrics/alert.ts';
import { deliveryMetrics } from './metrics/delivery.ts';
import { ingestMetrics } from './metrics/ingest.ts';
import { intakeMetrics } from './metrics/intake.ts';
import { kafkaMetrics } from './metrics/kafka.ts';
import { letterMetrics } from './metrics/letter.ts';
import { memoryMetrics } from './metrics/memory.ts';
import { operationMetrics } from './metrics/operation.ts';
import { pipelineMetrics } from './metrics/pipeline.ts';

export type Metrics = ReturnType<typeof createMetrics>;

export interface BuildInfo {
  readonly version: string;
}

/** The Node process metrics of prom-client come along unless `processMetrics` is false (tests). */
export function createMetrics(build: BuildInfo, { processMetrics = true } = {}) {
  const registry = new Registry();
  if (processMetrics) {
    collectDefaultMetrics({ register: registry });
    addHeapLimit(registry);
  }
  new Gauge({
    name: 'brazier_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ ...build, node: process.version }, 1);
  return {
    registry,
    ...ingestMetrics(registry),
    ...pipelineMetrics(registry),
    ...letterMetrics(registry),
    ...operationMetrics(registry),
    ...memoryMetrics(registry),
    ...deliveryMetrics(registry),
    ...kafkaMetrics(registry),
    ...intakeMetrics(registry),
    ...alertMetrics(registry),
  };
}

/** What V8 ends the process at; of the sizes that prom-client has none says how near that is. */
function addHeapLimit(registry: Registry): void {
  new Gauge({
    name: 'brazier_heap_limit_bytes',
    help: 'The most that the heap of the main thread may grow to; the process ends beyond it.',
    registers: [registry],
  }).set(getHeapStatistics().heap_size_limit);
}
