/** The rows of the way to Braze, and of the process. */
import { DESTINATION, lines, perSecond, quantile, type Row, rate, value } from './panel.ts';

export const transform: Row = {
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

export const braze: Row = {
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

export const queue: Row = {
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

export const runtime: Row = {
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
