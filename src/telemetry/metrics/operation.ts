/** Metrics of what an operator does, or should know of in time: reloads, detached destinations, a log that fills up. */
import { Counter, Gauge, type Registry } from 'prom-client';

export function operationMetrics(registry: Registry) {
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
    eventsHandedBack: new Counter({
      name: 'brazier_events_handed_back_total',
      help: 'Events read and not settled when their Kafka partition was dealt anew: whoever has it next reads them again.',
      labelNames: ['destination'],
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
    diskFree: new Gauge({
      name: 'brazier_disk_free_bytes',
      help: 'What the process may still write to the disk with the data folder of the embedded log.',
      registers,
    }),
    diskSize: new Gauge({
      name: 'brazier_disk_size_bytes',
      help: 'Size of that disk; 0 where the log is on Kafka.',
      registers,
    }),
    logNearCap: new Gauge({
      name: 'brazier_log_near_cap',
      help: '1 while undelivered events and dead letters hold 80 % of log.maxBytes; at the cap senders get 429.',
      registers,
    }),
  };
}
