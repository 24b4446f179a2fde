/** The rows at the top: how it goes, and what comes in. */
import { DESTINATION, GROUP, lines, perSecond, quantile, type Row, SOURCE, stat, value } from './panel.ts';

const ENDED = `rate(brazier_events_total{${DESTINATION}}[$__rate_interval])`;
const DELIVERED = `rate(brazier_events_total{${DESTINATION}, outcome="delivered"}[$__rate_interval])`;
const REJECTED = `rate(brazier_events_total{${DESTINATION}, outcome="rejected"}[$__rate_interval])`;
const ACCEPTED = `rate(brazier_ingest_events_total{${SOURCE}, outcome="accepted"}[$__rate_interval])`;

export const overview: Row = {
  title: 'Overview',
  panels: [
    stat('Accepted', 'eps', `sum(${ACCEPTED})`, { description: 'Answered with 200: on stable storage.' }),
    stat('Delivered', 'eps', `sum(${DELIVERED})`, { description: 'Once for each destination.' }),
    stat('Delivered share', 'percentunit', `sum(${DELIVERED}) / (sum(${DELIVERED}) + sum(${REJECTED}))`, {
      description: 'Of what was to be sent; the rest became dead letters.',
    }),
    stat(
      'Accepted to delivered, p95',
      's',
      quantile(0.95, 'brazier_event_end_to_end_latency_seconds', DESTINATION).expr,
      { description: "From the answer to the sender to Braze's.", redFrom: 300 },
    ),
    stat('Oldest without an outcome', 's', `max(brazier_oldest_unsettled_age_seconds{${DESTINATION}})`, {
      description: 'Of all destinations. High with a small backlog: one person waits, and nobody else.',
      redFrom: 300,
    }),
    stat(
      'Waiting',
      'short',
      `sum(brazier_backlog_events{${DESTINATION}}) + sum(brazier_events_in_flight{${DESTINATION}})`,
      {
        description: 'In the log and not read, and in flight.',
      },
    ),
    stat(
      'Halted destinations',
      'none',
      `count(max by (destination) (brazier_destination_halted{${DESTINATION}}) == 1) or vector(0)`,
      {
        description: 'Braze takes nothing for them until somebody mends the key or the address.',
        redFrom: 1,
      },
    ),
    stat('Dead letters', 'short', 'sum(max by (destination) (brazier_dead_letters{%s}))', {
      description: 'Kept now, those that ingest turned away among them.',
    }),
    stat('Unaccounted', 'none', `sum(abs(brazier_events_unaccounted{${DESTINATION}}))`, {
      description: 'Anything but 0 is a bug.',
      redFrom: 1,
    }),
    stat(
      'Requests answered with 5xx',
      'percentunit',
      `(sum(rate(brazier_http_requests_total{%s, code=~"5.."}[$__rate_interval])) or vector(0)) / sum(rate(brazier_http_requests_total{%s}[$__rate_interval]))`,
      { description: 'Nothing of these was accepted.', redFrom: 0.01 },
    ),
    stat('Log', 'percentunit', 'max(brazier_log_bytes{%s} / (brazier_log_max_bytes{%s} > 0))', {
      description: 'Of log.maxBytes; what is delivered makes room by itself.',
    }),
    stat('Processes', 'none', 'count(brazier_build_info{%s})', { description: 'That answer Prometheus.' }),
    lines(
      'Events in and out',
      'eps',
      [
        { expr: `sum(${ACCEPTED})`, legend: 'accepted' },
        { expr: `sum by (destination, outcome) (${ENDED})`, legend: '{{destination}} {{outcome}}' },
      ],
      { description: 'An event has an outcome at each destination; below accepted it waits there.' },
    ),
    lines(
      'From accepting to delivery',
      's',
      [
        quantile(0.5, 'brazier_event_end_to_end_latency_seconds', DESTINATION, ['destination']),
        quantile(0.95, 'brazier_event_end_to_end_latency_seconds', DESTINATION, ['destination']),
      ],
      { description: 'For the oldest event of each request: others are faster.' },
    ),
  ],
};

export const ingestion: Row = {
  title: 'Ingestion',
  panels: [
    lines(
      'Requests by answer',
      'reqps',
      [perSecond('brazier_http_requests_total', '%s', ['route', 'code'])],
      {
        description: '429: the server turns away what it cannot take. 401: an unknown write key.',
      },
    ),
    lines(
      'Time to answer',
      's',
      [
        quantile(0.5, 'brazier_http_request_duration_seconds', '%s'),
        quantile(0.95, 'brazier_http_request_duration_seconds', '%s'),
        quantile(0.99, 'brazier_http_request_duration_seconds', '%s'),
      ],
      { description: 'To the end of the answer, stable storage included.' },
    ),
    lines(
      'Events by source',
      'eps',
      [perSecond('brazier_ingest_events_total', SOURCE, ['source', 'channel', 'outcome'])],
      { description: 'duplicate: known already, and not delivered again.' },
    ),
    lines(
      'Turned away, by code',
      'eps',
      [perSecond('brazier_ingest_rejections_total', SOURCE, ['source', 'reason'])],
      {
        description:
          'Never deliverable; kept as dead letters. Empty while there was none. docs/errors.md has the codes.',
      },
    ),
    lines(
      'Events per request',
      'short',
      [
        quantile(0.5, 'brazier_ingest_batch_events', SOURCE, ['source']),
        quantile(0.95, 'brazier_ingest_batch_events', SOURCE, ['source']),
      ],
      { description: 'One event in each: a sender without an SDK, or one that flushes after each event.' },
    ),
    lines(
      'Size of bodies',
      'bytes',
      [
        quantile(0.5, 'brazier_ingest_body_bytes', SOURCE, ['source']),
        quantile(0.95, 'brazier_ingest_body_bytes', SOURCE, ['source']),
      ],
      { description: 'Of a request, inflated. Beyond http.maxBodyBytes it is refused with 413.' },
    ),
    lines('Reused message ids', 'eps', [perSecond('brazier_ingest_conflicts_total', SOURCE, ['source'])], {
      description: 'A known messageId with another content: no repeat, and delivered.',
    }),
  ],
};

export const kafka: Row = {
  title: 'Kafka',
  isFolded: true,
  panels: [
    lines('Lag', 'short', [value('brazier_kafka_consumer_lag', GROUP, ['group', 'topic'])], {
      description:
        'Records from the oldest without an outcome to the end; those settled between are among them.',
    }),
    lines(
      'Lag in time',
      's',
      [value('brazier_kafka_consumer_lag_seconds', GROUP, ['group', 'topic'], 'max')],
      { description: 'Of the partition that is furthest behind.' },
    ),
    lines(
      'Partitions more than 30 s behind',
      's',
      [
        {
          expr: `topk(10, max by (group, topic, partition) (brazier_kafka_consumer_lag_seconds{${GROUP}}) > 30)`,
          legend: '{{group}} {{topic}} {{partition}}',
        },
      ],
      { description: 'The ten worst. A line that rises by a second each second is a partition that stands.' },
    ),
    lines(
      'Partitions read',
      'none',
      [value('brazier_kafka_assigned_partitions', GROUP, ['group', 'instance'])],
      {
        description:
          'Their sum is the partitions of the topic. 0 of a process: there are more of them than partitions.',
      },
    ),
    lines(
      'Rebalances',
      'none',
      [
        {
          expr: `max by (group) (increase(brazier_kafka_rebalances_total{${GROUP}}[1h]))`,
          legend: '{{group}} in the last hour',
        },
      ],
      {
        description:
          'How often the partitions were dealt anew: one for each worker that comes or goes. Empty until the first.',
      },
    ),
    lines(
      'Messages written',
      'eps',
      [perSecond('brazier_kafka_messages_total', '%s', ['topic', 'outcome'])],
      {
        description: 'failed: not acknowledged by all replicas in sync; senders get 503.',
      },
    ),
    lines('Commits', 'ops', [perSecond('brazier_kafka_commits_total', GROUP, ['group', 'outcome'])], {
      description:
        'Of progress. lost: by then another worker had the partition, who delivers its events again.',
    }),
    lines(
      'Since the last progress',
      's',
      [
        {
          expr: `time() - max by (group) (brazier_kafka_last_progress_timestamp_seconds{${GROUP}})`,
          legend: '{{group}}',
        },
      ],
      {
        description:
          'Since some process of the group got records or committed. It rises while nothing comes, which is no fault.',
      },
    ),
    lines(
      'Faults, in the last hour',
      'short',
      [
        {
          expr: `sum by (group) (increase(brazier_kafka_records_lost_total{${GROUP}}[1h]))`,
          legend: '{{group}} records lost',
        },
        {
          expr: `sum by (group) (increase(brazier_kafka_progress_cut_total{${GROUP}}[1h]))`,
          legend: '{{group}} progress cut',
        },
        {
          expr: `sum by (group) (increase(brazier_kafka_crashes_total{${GROUP}}[1h]))`,
          legend: '{{group}} crashes',
        },
        {
          expr: 'sum by (topic) (increase(brazier_kafka_conflicts_total{%s}[1h]))',
          legend: '{{topic}} conflicts',
        },
        {
          expr: 'sum by (topic) (increase(brazier_kafka_replicas_missing_total{%s}[1h]))',
          legend: '{{topic}} refused for want of replicas',
        },
      ],
      { description: 'Lost: deleted by the brokers before they were read. All of them should be 0.' },
    ),
    lines(
      'Handed back at a rebalance',
      'eps',
      [perSecond('brazier_events_handed_back_total', DESTINATION, ['destination'])],
      {
        description:
          'Read and not settled when their partition went to another worker, which reads them again. Empty until the first.',
      },
    ),
    lines(
      'Subscriptions: keys that are not the person',
      'eps',
      [perSecond('brazier_subscription_key_mismatches_total', SOURCE, ['source'])],
      { description: 'These may be delivered out of order. Empty without subscriptions.' },
    ),
  ],
};
