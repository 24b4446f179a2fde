/** Metrics of a destination's events on their way from the log to their outcome. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { END_TO_END_SECONDS } from './buckets.ts';

export function pipelineMetrics(registry: Registry) {
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
    eventsUnaccounted: new Gauge({
      name: 'brazier_events_unaccounted',
      help: 'Events read that have neither an outcome nor a place in flight; anything but 0 is a bug.',
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
