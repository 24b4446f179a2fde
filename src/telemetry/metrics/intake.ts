/** Metrics of subscriptions to users' own topics; their events are counted with those of ingest, channel kafka. */
import { Counter, type Registry } from 'prom-client';

export function intakeMetrics(registry: Registry) {
  return {
    subscriptionKeyMismatches: new Counter({
      name: 'brazier_subscription_key_mismatches_total',
      help: "Records whose key is not the person that the subscription's key names, each time that one is read.",
      labelNames: ['source'],
      registers: [registry],
    }),
  };
}
