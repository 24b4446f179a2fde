/**
 * Counters that alerts look at exist before there is anything to count: Prometheus sees how a series grows, and not that it
 * appears with a 1. Those of what a destination reads begin with its run, those of dead letters with the first scrape.
 */
import type { Config } from '../config/config.ts';
import type { Endpoint } from '../model/operation.ts';
import type { Metrics } from '../telemetry/metrics.ts';

type Counted = Pick<Config, 'role' | 'log' | 'sources' | 'subscriptions' | 'destinations'>;

/** Adds nothing to what is counted already: to be called again with each configuration that is taken over. */
export function countFromZero(metrics: Metrics, config: Counted): void {
  const { role, log, sources, subscriptions, destinations } = config;
  if (role !== 'worker')
    for (const { id, writeKeys } of sources) if (writeKeys.length > 0) countEvents(metrics, id, 'http');
  if (role !== 'ingest') {
    for (const { source } of subscriptions) {
      countEvents(metrics, source, 'kafka');
      metrics.subscriptionKeyMismatches.inc({ source }, 0);
    }
    for (const { id } of destinations) countAttempts(metrics, id);
  }
  if (log.kind !== 'kafka') return;
  for (const topic of [log.topic, log.deadLetterTopic, log.requestTopic]) {
    for (const outcome of ['ok', 'failed']) metrics.kafkaMessages.inc({ topic, outcome }, 0);
    metrics.kafkaReplicasMissing.inc({ topic }, 0);
  }
}

function countEvents(metrics: Metrics, source: string, channel: 'http' | 'kafka'): void {
  for (const outcome of ['accepted', 'rejected']) metrics.ingestEvents.inc({ source, channel, outcome }, 0);
}

/** The endpoint that nearly all goes to; of the others an alert needs no more than their share. */
const ENDPOINT: Endpoint = '/users/track';

const ATTEMPTS = [
  { outcome: 'delivered', status_class: '2xx' },
  { outcome: 'retry', status_class: '4xx' },
  { outcome: 'retry', status_class: '5xx' },
  { outcome: 'retry', status_class: 'none' },
];

function countAttempts(metrics: Metrics, destination: string): void {
  for (const attempt of ATTEMPTS)
    metrics.deliveryAttempts.inc({ destination, endpoint: ENDPOINT, ...attempt }, 0);
}
