/**
 * Every metric Brazier exposes, made once per process (or per test) on its own registry.
 * Names follow Prometheus' rules: base units, `_total` on counters, no ids or payload values as labels.
 * On hot paths they are counted per batch, chunk or request, never per event.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const END_TO_END_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600];
const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 75, 100, 250, 1000, 5000];
const BODY_BYTES = [1e3, 4e3, 16e3, 64e3, 256e3, 1e6, 4e6, 8e6];

export type Metrics = ReturnType<typeof createMetrics>;

export interface BuildInfo {
  readonly version: string;
}

/** The Node process metrics of prom-client come along unless `processMetrics` is false (tests). */
export function createMetrics(build: BuildInfo, { processMetrics = true } = {}) {
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });
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
  };
}

function ingestMetrics(registry: Registry) {
  const registers = [registry];
  return {
    httpRequests: new Counter({
      name: 'brazier_http_requests_total',
      help: 'Requests answered by the ingest server.',
      labelNames: ['route', 'method', 'code'],
      registers,
    }),
    httpDuration: new Histogram({
      name: 'brazier_http_request_duration_seconds',
      help: 'From the request line to the end of the answer.',
      labelNames: ['route', 'method', 'code'],
      buckets: LATENCY_SECONDS,
      registers,
    }),
    ingestEvents: new Counter({
      name: 'brazier_ingest_events_total',
      help: 'Events seen by ingest; outcome is accepted (durable), rejected or duplicate.',
      labelNames: ['source', 'channel', 'outcome'],
      registers,
    }),
    ingestRejections: new Counter({
      name: 'brazier_ingest_rejections_total',
      help: 'Events that ingest turned away, by code of docs/errors.md.',
      labelNames: ['source', 'reason'],
      registers,
    }),
    ingestBatchEvents: new Histogram({
      name: 'brazier_ingest_batch_events',
      help: 'Events per accepted request.',
      labelNames: ['source'],
      buckets: BATCH_SIZES,
      registers,
    }),
    ingestBodyBytes: new Histogram({
      name: 'brazier_ingest_body_bytes',
      help: 'Inflated body bytes per request.',
      labelNames: ['source'],
      buckets: BODY_BYTES,
      registers,
    }),
  };
}

function pipelineMetrics(registry: Registry) {
  const registers = [registry];
  return {
    eventsRead: new Counter({
      name: 'brazier_events_read_total',
      help: 'Events a destination has read from the log: delivered + filtered + rejected + in flight.',
      labelNames: ['destination'],
      registers,
    }),
    events: new Counter({
      name: 'brazier_events_total',
      help: 'Events with a final outcome; rejected if any of their operations was.',
      labelNames: ['destination', 'outcome'],
      registers,
    }),
    eventsParked: new Gauge({
      name: 'brazier_parked_events',
      help: 'Events in flight of which only the place is kept: their person has much queued already.',
      labelNames: ['destination'],
      registers,
    }),
    eventsInDoubt: new Counter({
      name: 'brazier_events_in_doubt_total',
      help: 'Events and purchases that may have counted twice: a reply was lost, or the process was killed, while they were under way.',
      labelNames: ['destination'],
      registers,
    }),
    eventsInFlight: new Gauge({
      name: 'brazier_events_in_flight',
      help: 'Events read and without a final outcome.',
      labelNames: ['destination'],
      registers,
    }),
    backlog: new Gauge({
      name: 'brazier_backlog_events',
      help: 'Events in the log that the destination has not read.',
      labelNames: ['destination'],
      registers,
    }),
    eventsFiltered: new Counter({
      name: 'brazier_events_filtered_total',
      help: 'Filtered events by code of docs/errors.md.',
      labelNames: ['destination', 'reason'],
      registers,
    }),
    eventsRejected: new Counter({
      name: 'brazier_events_rejected_total',
      help: 'Rejected events by code of docs/errors.md.',
      labelNames: ['destination', 'reason'],
      registers,
    }),
    logBytes: new Gauge({ name: 'brazier_log_bytes', help: 'Size of the log on disk.', registers }),
    logMaxBytes: new Gauge({ name: 'brazier_log_max_bytes', help: 'log.maxBytes.', registers }),
    warnings: new Counter({
      name: 'brazier_transform_warnings_total',
      help: 'Warnings of the transformers, by code of docs/errors.md.',
      labelNames: ['destination', 'code'],
      registers,
    }),
    endToEnd: new Histogram({
      name: 'brazier_event_end_to_end_latency_seconds',
      help: "From accepting to Braze's acceptance, observed for the oldest event of each request.",
      labelNames: ['destination'],
      buckets: END_TO_END_SECONDS,
      registers,
    }),
  };
}

/** What an operator does, or should know of in time. */
function operationMetrics(registry: Registry) {
  const registers = [registry];
  return {
    configReloads: new Counter({
      name: 'brazier_config_reloads_total',
      help: 'Configurations read again (SIGHUP); outcome is applied, refused (the old one stays) or failed.',
      labelNames: ['outcome'],
      registers,
    }),
    configReloadedAt: new Gauge({
      name: 'brazier_config_last_reload_success_timestamp_seconds',
      help: 'When the configuration in use was taken over, at the start or by a reload.',
      registers,
    }),
    eventsDetached: new Counter({
      name: 'brazier_events_detached_total',
      help: 'Events that a destination will not be sent: it was detached, or taken out of the configuration.',
      labelNames: ['destination'],
      registers,
    }),
    destinationDetached: new Gauge({
      name: 'brazier_destination_detached',
      help: '1 while a destination is detached: it has no place in the log and is sent nothing.',
      labelNames: ['destination'],
      registers,
    }),
    heldBytes: new Gauge({
      name: 'brazier_log_held_bytes',
      help: 'About what the log must keep for a destination: from its oldest unsettled event on.',
      labelNames: ['destination'],
      registers,
    }),
    oldestUnsettledAge: new Gauge({
      name: 'brazier_oldest_unsettled_age_seconds',
      help: "Age of a destination's oldest event without a final outcome; 0 without any.",
      labelNames: ['destination'],
      registers,
    }),
    logNearCap: new Gauge({
      name: 'brazier_log_near_cap',
      help: '1 while undelivered events and dead letters hold 80 % of log.maxBytes; at the cap senders get 429.',
      registers,
    }),
  };
}

function memoryMetrics(registry: Registry) {
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

function letterMetrics(registry: Registry) {
  const registers = [registry];
  return {
    deadLetters: new Counter({
      name: 'brazier_dead_letters_total',
      help: 'Dead letters written, by kind of rejection.',
      labelNames: ['destination', 'kind'],
      registers,
    }),
    letterCount: new Gauge({
      name: 'brazier_dead_letters',
      help: 'Dead letters in the store; destination is empty for those that ingest turned away.',
      labelNames: ['destination'],
      registers,
    }),
    letterBytes: new Gauge({
      name: 'brazier_dead_letters_bytes',
      help: 'What the dead letters hold; a part of brazier_log_bytes.',
      registers,
    }),
    letterMaxBytes: new Gauge({
      name: 'brazier_dead_letters_max_bytes',
      help: 'deadLetters.maxBytes: beyond it the oldest are dropped.',
      registers,
    }),
    letterOldestAge: new Gauge({
      name: 'brazier_dead_letters_oldest_age_seconds',
      help: 'Age of the oldest dead letter; 0 without letters.',
      registers,
    }),
    letterMaxAge: new Gauge({
      name: 'brazier_dead_letters_max_age_seconds',
      help: 'deadLetters.retainDays: older ones are dropped.',
      registers,
    }),
    lettersDropped: new Counter({
      name: 'brazier_dead_letters_dropped_total',
      help: 'Dead letters dropped by retention; reason is age or bytes.',
      labelNames: ['reason'],
      registers,
    }),
  };
}

function deliveryMetrics(registry: Registry) {
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
