/** Metrics of the requests to Braze. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { BATCH_SIZES, END_TO_END_SECONDS, LATENCY_SECONDS } from './buckets.ts';

export function deliveryMetrics(registry: Registry) {
  const registers = [registry];
  return {
    deliveryAttempts: new Counter({
      name: 'brazier_delivery_attempts_total',
      help: 'Requests to Braze by verdict: delivered, retry, split, rejected or halt.',
      labelNames: ['destination', 'endpoint', 'outcome', 'status_class'],
      registers,
    }),
    deliveryOperations: new Counter({
      name: 'brazier_delivery_operations_total',
      help: 'Braze objects with a final outcome.',
      labelNames: ['destination', 'kind', 'outcome'],
      registers,
    }),
    deliveryDuration: new Histogram({
      name: 'brazier_delivery_request_duration_seconds',
      help: 'One attempt, from sending to the end of the reply.',
      labelNames: ['destination', 'endpoint'],
      buckets: LATENCY_SECONDS,
      registers,
    }),
    deliveryBatchSize: new Histogram({
      name: 'brazier_delivery_batch_size',
      help: 'Objects per request.',
      labelNames: ['destination', 'endpoint'],
      buckets: BATCH_SIZES,
      registers,
    }),
    queueOperations: new Gauge({
      name: 'brazier_queue_operations',
      help: 'Braze objects queued or under way.',
      labelNames: ['destination'],
      registers,
    }),
    requestsRunning: new Gauge({
      name: 'brazier_delivery_requests_running',
      help: 'Requests under way, waiting retries included.',
      labelNames: ['destination'],
      registers,
    }),
    rateLimitRemaining: new Gauge({
      name: 'brazier_braze_ratelimit_remaining',
      help: "Braze's X-RateLimit-Remaining, as last heard.",
      labelNames: ['destination', 'endpoint'],
      registers,
    }),
    throttleWait: new Histogram({
      name: 'brazier_throttle_wait_seconds',
      help: 'How long a 429 closed the pacer.',
      labelNames: ['destination', 'endpoint'],
      buckets: END_TO_END_SECONDS,
      registers,
    }),
    destinationHalted: new Gauge({
      name: 'brazier_destination_halted',
      help: '1 while a destination is halted (bad key, missing permission, wrong host).',
      labelNames: ['destination', 'code'],
      registers,
    }),
  };
}
