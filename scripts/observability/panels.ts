/** What the dashboard shows, row by row: each panel is a title, a unit, and the queries behind it. */

export interface Query {
  /** PromQL; `%s` stands for the selector of the processes, to which more matchers may be added. */
  readonly expr: string;
  /** Grafana's `{{label}}` pattern. */
  readonly legend?: string;
}

export interface Panel {
  readonly title: string;
  readonly type: 'timeseries' | 'stat' | 'heatmap' | 'table';
  /** One of Grafana's unit ids. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** What to look for in it. */
  readonly description?: string;
  /** Of 24. */
  readonly width?: number;
  /** Above it the panel turns red. */
  readonly redFrom?: number;
}

export interface Row {
  readonly title: string;
  /** Folded: not everybody has it. */
  readonly isFolded?: boolean;
  readonly panels: readonly Panel[];
}

const SOURCE = '%s, source=~"$source"';
const DESTINATION = '%s, destination=~"$destination"';
const GROUP = '%s, group=~"$destination"';

type Options = Partial<Panel>;

/** Lines over time; of a counter give `rate`. */
function lines(title: string, unit: string, queries: readonly Query[], options: Options = {}): Panel {
  return { title, type: 'timeseries', unit, queries, ...options };
}

function stat(title: string, unit: string, expr: string, options: Options = {}): Panel {
  return { title, type: 'stat', unit, queries: [{ expr }], width: 4, ...options };
}

const rate = (metric: string, selector: string): string => `rate(${metric}{${selector}}[$__rate_interval])`;

/** How often a second, for each combination of these labels. */
function perSecond(metric: string, selector: string, labels: readonly string[]): Query {
  const by = labels.join(', ');
  const legend = labels.map((label) => `{{${label}}}`).join(' ');
  return { expr: `sum by (${by}) (${rate(metric, selector)})`, legend };
}

/** A quantile of a histogram, for each combination of these labels. */
function quantile(share: number, metric: string, selector: string, labels: readonly string[] = []): Query {
  const by = ['le', ...labels].join(', ');
  return {
    expr: `histogram_quantile(${share}, sum by (${by}) (${rate(`${metric}_bucket`, selector)}))`,
    legend: [`p${share * 100}`, ...labels.map((label) => `{{${label}}}`)].join(' '),
  };
}

const value = (metric: string, selector: string, labels: readonly string[], how = 'sum'): Query => ({
  expr: `${how} by (${labels.join(', ')}) (${metric}{${selector}})`,
  legend: labels.map((label) => `{{${label}}}`).join(' '),
});

const ENDED = `rate(brazier_events_total{${DESTINATION}}[$__rate_interval])`;
const DELIVERED = `rate(brazier_events_total{${DESTINATION}, outcome="delivered"}[$__rate_interval])`;
const REJECTED = `rate(brazier_events_total{${DESTINATION}, outcome="rejected"}[$__rate_interval])`;
const ACCEPTED = `rate(brazier_ingest_events_total{${SOURCE}, outcome="accepted"}[$__rate_interval])`;

const overview: Row = {
  title: 'Overview',
  panels: [
    stat('Accepted', 'eps', `sum(${ACCEPTED})`),
    stat('Delivered', 'eps', `sum(${DELIVERED})`, { description: 'Once for each destination.' }),
    stat(
      'Delivered, of what was to be sent',
      'percentunit',
      `sum(${DELIVERED}) / (sum(${DELIVERED}) + sum(${REJECTED}))`,
    ),
    stat(
      'Accepted to delivered, p95',
      's',
      quantile(0.95, 'brazier_event_end_to_end_latency_seconds', DESTINATION).expr,
      { redFrom: 300 },
    ),
    stat('Oldest without an outcome', 's', `max(brazier_oldest_unsettled_age_seconds{${DESTINATION}})`, {
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
      {
        redFrom: 0.01,
      },
    ),
    stat('Log', 'percentunit', 'max(brazier_log_bytes{%s} / (brazier_log_max_bytes{%s} > 0))', {
      description: 'Of log.maxBytes; what is delivered makes room by itself.',
    }),
    stat('Processes', 'none', 'count(brazier_build_info{%s})'),
    lines('Events in and out', 'eps', [
      { expr: `sum(${ACCEPTED})`, legend: 'accepted' },
      { expr: `sum by (destination, outcome) (${ENDED})`, legend: '{{destination}} {{outcome}}' },
    ]),
    lines('From accepting to delivery', 's', [
      quantile(0.5, 'brazier_event_end_to_end_latency_seconds', DESTINATION, ['destination']),
      quantile(0.95, 'brazier_event_end_to_end_latency_seconds', DESTINATION, ['destination']),
    ]),
  ],
};

const ingestion: Row = {
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
    lines('Time to answer', 's', [
      quantile(0.5, 'brazier_http_request_duration_seconds', '%s'),
      quantile(0.95, 'brazier_http_request_duration_seconds', '%s'),
      quantile(0.99, 'brazier_http_request_duration_seconds', '%s'),
    ]),
    lines('Events by source', 'eps', [
      perSecond('brazier_ingest_events_total', SOURCE, ['source', 'channel', 'outcome']),
    ]),
    lines('Turned away, by code', 'eps', [
      perSecond('brazier_ingest_rejections_total', SOURCE, ['source', 'reason']),
    ]),
    lines('Events per request', 'short', [
      quantile(0.5, 'brazier_ingest_batch_events', SOURCE, ['source']),
      quantile(0.95, 'brazier_ingest_batch_events', SOURCE, ['source']),
    ]),
    lines('Size of bodies', 'bytes', [
      quantile(0.5, 'brazier_ingest_body_bytes', SOURCE, ['source']),
      quantile(0.95, 'brazier_ingest_body_bytes', SOURCE, ['source']),
    ]),
    lines('Reused message ids', 'eps', [perSecond('brazier_ingest_conflicts_total', SOURCE, ['source'])], {
      description: 'A known messageId with another content: no repeat, and delivered.',
    }),
  ],
};

const kafka: Row = {
  title: 'Kafka',
  isFolded: true,
  panels: [
    lines('Lag', 'short', [value('brazier_kafka_consumer_lag', GROUP, ['group', 'topic'])]),
    lines(
      'Lag in time',
      's',
      [value('brazier_kafka_consumer_lag_seconds', GROUP, ['group', 'topic', 'partition'], 'max')],
      {
        description: 'A line that rises by a second each second is a partition that stands.',
      },
    ),
    lines('Partitions read', 'none', [
      value('brazier_kafka_assigned_partitions', GROUP, ['group', 'instance']),
    ]),
    lines('Rebalances', 'none', [
      {
        expr: `max by (group) (increase(brazier_kafka_rebalances_total{${GROUP}}[1h]))`,
        legend: '{{group}} in the last hour',
      },
    ]),
    lines('Messages written', 'eps', [perSecond('brazier_kafka_messages_total', '%s', ['topic', 'outcome'])]),
    lines('Commits', 'ops', [perSecond('brazier_kafka_commits_total', GROUP, ['group', 'outcome'])]),
    lines('Since the last progress', 's', [
      {
        expr: `time() - max by (group) (brazier_kafka_last_progress_timestamp_seconds{${GROUP}})`,
        legend: '{{group}}',
      },
    ]),
    lines('Faults, in the last hour', 'short', [
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
    ]),
    lines('Handed back at a rebalance', 'eps', [
      perSecond('brazier_events_handed_back_total', DESTINATION, ['destination']),
    ]),
    lines('Subscriptions: keys that are not the person', 'eps', [
      perSecond('brazier_subscription_key_mismatches_total', SOURCE, ['source']),
    ]),
  ],
};

const transform: Row = {
  title: 'Transform',
  panels: [
    lines('Filtered, by code', 'eps', [
      perSecond('brazier_events_filtered_total', DESTINATION, ['destination', 'reason']),
    ]),
    lines('Rejected, by code', 'eps', [
      perSecond('brazier_events_rejected_total', DESTINATION, ['destination', 'reason']),
    ]),
    lines('Warnings, by code', 'eps', [
      perSecond('brazier_transform_warnings_total', DESTINATION, ['destination', 'code']),
    ]),
    lines('Left out, since Braze has it', 'eps', [
      perSecond('brazier_operations_left_out_total', DESTINATION, ['destination', 'kind']),
      {
        expr: `sum by (destination) (${rate('brazier_attributes_unchanged_total', DESTINATION)})`,
        legend: '{{destination}} single attributes',
      },
    ]),
  ],
};

const braze: Row = {
  title: 'Braze',
  panels: [
    lines(
      'Requests by answer',
      'reqps',
      [perSecond('brazier_delivery_attempts_total', DESTINATION, ['destination', 'status_class', 'outcome'])],
      {
        description:
          'status_class none: no answer. outcome retry goes again; halt: see the page of that alert.',
      },
    ),
    {
      title: 'Time of a request',
      type: 'heatmap',
      unit: 's',
      queries: [
        {
          expr: `sum by (le) (${rate('brazier_delivery_request_duration_seconds_bucket', DESTINATION)})`,
          legend: '{{le}}',
        },
      ],
    },
    lines('Time of a request, p95', 's', [
      quantile(0.95, 'brazier_delivery_request_duration_seconds', DESTINATION, ['destination', 'endpoint']),
    ]),
    lines(
      'Objects per request',
      'short',
      [
        quantile(0.5, 'brazier_delivery_batch_size', DESTINATION, ['destination', 'endpoint']),
        quantile(0.95, 'brazier_delivery_batch_size', DESTINATION, ['destination', 'endpoint']),
      ],
      { description: 'Few objects per request while much waits: many events of few people.' },
    ),
    lines('Left of the rate limit', 'short', [
      value('brazier_braze_ratelimit_remaining', DESTINATION, ['destination', 'endpoint'], 'min'),
    ]),
    lines('Pauses after a 429', 's', [
      quantile(0.95, 'brazier_throttle_wait_seconds', DESTINATION, ['destination', 'endpoint']),
    ]),
    lines('Objects with an outcome', 'ops', [
      perSecond('brazier_delivery_operations_total', DESTINATION, ['destination', 'kind', 'outcome']),
    ]),
    lines(
      'Requests under way',
      'none',
      [value('brazier_delivery_requests_running', DESTINATION, ['destination'])],
      {
        description:
          'Those that wait to be tried again among them. At the most while nothing gets through: Braze fails.',
      },
    ),
    lines('Halted', 'none', [
      value('brazier_destination_halted', DESTINATION, ['destination', 'code'], 'max'),
    ]),
  ],
};

const queue: Row = {
  title: 'Queue, log and dead letters',
  panels: [
    lines(
      'Waiting',
      'short',
      [
        {
          expr: `sum by (destination) (brazier_backlog_events{${DESTINATION}})`,
          legend: '{{destination}} not read',
        },
        {
          expr: `sum by (destination) (brazier_events_in_flight{${DESTINATION}})`,
          legend: '{{destination}} in flight',
        },
        {
          expr: `sum by (destination) (brazier_parked_events{${DESTINATION}})`,
          legend: '{{destination}} parked',
        },
      ],
      {
        description:
          'Not read grows: delivery is slower than what comes. Parked: one person has too much queued.',
      },
    ),
    lines('Oldest without an outcome', 's', [
      value('brazier_oldest_unsettled_age_seconds', DESTINATION, ['destination'], 'max'),
    ]),
    lines('Objects in the queue', 'short', [value('brazier_queue_operations', DESTINATION, ['destination'])]),
    lines('Log', 'bytes', [
      value('brazier_log_bytes', '%s', ['instance']),
      { expr: 'sum by (instance) (brazier_log_max_bytes{%s})', legend: '{{instance}} log.maxBytes' },
    ]),
    lines('Held for a destination', 'bytes', [
      value('brazier_log_held_bytes', DESTINATION, ['destination', 'instance']),
    ]),
    lines('The log is near its cap', 'none', [value('brazier_log_near_cap', '%s', ['instance'], 'max')]),
    lines('Read from the log', 'eps', [perSecond('brazier_events_read_total', DESTINATION, ['destination'])]),
    lines('Dead letters', 'short', [value('brazier_dead_letters', '%s', ['destination'], 'max')], {
      description: 'Without a destination: those that ingest turned away.',
    }),
    lines('Dead letters written', 'eps', [
      perSecond('brazier_dead_letters_total', DESTINATION, ['destination', 'kind']),
    ]),
    lines(
      'Dead letters, of their limits',
      'percentunit',
      [
        {
          expr: 'max by (job) (brazier_dead_letters_bytes{%s} / (brazier_dead_letters_max_bytes{%s} > 0))',
          legend: '{{job}} bytes',
        },
        {
          expr: 'max by (job) (brazier_dead_letters_oldest_age_seconds{%s} / (brazier_dead_letters_max_age_seconds{%s} > 0))',
          legend: '{{job}} age',
        },
      ],
      { redFrom: 0.8 },
    ),
    lines('Dead letters dropped', 'eps', [perSecond('brazier_dead_letters_dropped_total', '%s', ['reason'])]),
    lines('Perhaps counted twice', 'eps', [
      perSecond('brazier_events_in_doubt_total', DESTINATION, ['destination']),
    ]),
    lines('Detached', 'short', [
      value('brazier_destination_detached', DESTINATION, ['destination'], 'max'),
      {
        expr: `sum by (destination) (increase(brazier_events_detached_total{${DESTINATION}}[1h]))`,
        legend: '{{destination}} not sent in the last hour',
      },
    ]),
  ],
};

const runtime: Row = {
  title: 'Runtime',
  panels: [
    lines('CPU', 'percentunit', [perSecond('process_cpu_seconds_total', '%s', ['instance'])]),
    lines('Memory', 'bytes', [
      { expr: 'sum by (instance) (process_resident_memory_bytes{%s})', legend: '{{instance}} resident' },
      { expr: 'sum by (instance) (nodejs_heap_size_used_bytes{%s})', legend: '{{instance}} heap' },
      { expr: 'sum by (instance) (brazier_heap_limit_bytes{%s})', legend: '{{instance}} heap at most' },
      { expr: 'sum by (instance) (nodejs_external_memory_bytes{%s})', legend: '{{instance}} buffers' },
    ]),
    lines(
      'Delay of the event loop, p99',
      's',
      [value('nodejs_eventloop_lag_p99_seconds', '%s', ['instance'], 'max')],
      {
        redFrom: 0.25,
      },
    ),
    lines('Collecting garbage', 'percentunit', [
      perSecond('nodejs_gc_duration_seconds_sum', '%s', ['instance', 'kind']),
    ]),
    lines('Open files', 'none', [
      value('process_open_fds', '%s', ['instance']),
      { expr: 'max by (instance) (process_max_fds{%s})', legend: '{{instance}} at most' },
    ]),
    lines('Running since', 's', [
      { expr: 'time() - max by (instance) (process_start_time_seconds{%s})', legend: '{{instance}}' },
    ]),
    lines('Configuration in use since', 's', [
      {
        expr: 'time() - max by (instance) (brazier_config_last_reload_success_timestamp_seconds{%s})',
        legend: '{{instance}}',
      },
    ]),
    lines('Configurations read again', 'none', [
      {
        expr: 'sum by (instance, outcome) (increase(brazier_config_reloads_total{%s}[1h]))',
        legend: '{{instance}} {{outcome}}',
      },
    ]),
    {
      title: 'What runs',
      type: 'table',
      unit: 'none',
      queries: [{ expr: 'max by (namespace, job, instance, version, node) (brazier_build_info{%s})' }],
    },
  ],
};

/** From top to bottom: what everybody looks at, then the way of an event. */
export const ROWS: readonly Row[] = [overview, ingestion, kafka, transform, braze, queue, runtime];
