/** Metrics of what a destination's memory left out. */
import { Counter, type Registry } from 'prom-client';

export function memoryMetrics(registry: Registry) {
  const registers = [registry];
  return {
    attributesUnchanged: new Counter({
      name: 'brazier_attributes_unchanged_total',
      help: 'Attributes left out because Braze has that value already (supportDedup).',
      labelNames: ['destination'],
      registers,
    }),
    operationsLeftOut: new Counter({
      name: 'brazier_operations_left_out_total',
      help: 'Braze objects not sent because they would change nothing: links that Braze accepted before, attributes without a change.',
      labelNames: ['destination', 'kind'],
      registers,
    }),
  };
}
