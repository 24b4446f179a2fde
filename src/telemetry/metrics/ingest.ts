/** Metrics of ingest: requests answered, events taken and turned away. */
import { Counter, type Registry } from 'prom-client';
import { BATCH_SIZES, BODY_BYTES, LATENCY_SECONDS } from './buckets.ts';
import { createQuickCounter, createQuickHistogram } from './quick.ts';

export function ingestMetrics(registry: Registry) {
  const registers = [registry];
  return {
    httpRequests: createQuickCounter({
      name: 'brazier_http_requests_total',
      help: 'Requests answered by the ingest server.',
      labelNames: ['route', 'method', 'code'],
      registers,
    }),
    httpDuration: createQuickHistogram({
      name: 'brazier_http_request_duration_seconds',
      help: 'From the request line to the end of the answer.',
      labelNames: ['route', 'method', 'code'],
      buckets: LATENCY_SECONDS,
      registers,
    }),
    ingestEvents: createQuickCounter({
      name: 'brazier_ingest_events_total',
      help: 'Events seen by ingest; outcome is accepted (durable), rejected, duplicate, or tombstone (a record of a topic without a value).',
      labelNames: ['source', 'channel', 'outcome'],
      registers,
    }),
    ingestConflicts: new Counter({
      name: 'brazier_ingest_conflicts_total',
      help: 'Events accepted although their messageId was known with other content; among the accepted.',
      labelNames: ['source'],
      registers,
    }),
    ingestRejections: new Counter({
      name: 'brazier_ingest_rejections_total',
      help: 'Events that ingest turned away, by code of docs/errors.md.',
      labelNames: ['source', 'reason'],
      registers,
    }),
    ingestBatchEvents: createQuickHistogram({
      name: 'brazier_ingest_batch_events',
      help: 'Events per accepted request.',
      labelNames: ['source'],
      buckets: BATCH_SIZES,
      registers,
    }),
    ingestBodyBytes: createQuickHistogram({
      name: 'brazier_ingest_body_bytes',
      help: 'Inflated body bytes per request.',
      labelNames: ['source'],
      buckets: BODY_BYTES,
      registers,
    }),
  };
}
