/** The row of the processes themselves. */
import { lines, perSecond, type Row, value } from './panel.ts';

export const runtime: Row = {
  title: 'Runtime',
  panels: [
    lines('CPU', 'percentunit', [perSecond('process_cpu_seconds_total', '%s', ['instance'])], {
      description: 'Of one core. The main thread has one, the log another.',
    }),
    lines(
      'Memory',
      'bytes',
      [
        { expr: 'sum by (instance) (process_resident_memory_bytes{%s})', legend: '{{instance}} resident' },
        { expr: 'sum by (instance) (nodejs_heap_size_used_bytes{%s})', legend: '{{instance}} heap' },
        { expr: 'sum by (instance) (nodejs_external_memory_bytes{%s})', legend: '{{instance}} buffers' },
      ],
      { description: 'Resident: what the machine sees, heap and buffers and what SQLite keeps.' },
    ),
    lines(
      'Heap, of its limit',
      'percentunit',
      [
        {
          expr: 'max by (instance) (nodejs_heap_size_used_bytes{%s} / brazier_heap_limit_bytes{%s})',
          legend: '{{instance}}',
        },
      ],
      { description: 'At 100 % the process ends and starts again.', redFrom: 0.9 },
    ),
    lines(
      'Delay of the event loop, p99',
      's',
      [value('nodejs_eventloop_lag_p99_seconds', '%s', ['instance'], 'max')],
      {
        description: 'Above the line everything is slow, answers to senders too: too little CPU.',
        redFrom: 0.25,
      },
    ),
    lines(
      'Collecting garbage',
      'percentunit',
      [perSecond('nodejs_gc_duration_seconds_sum', '%s', ['instance', 'kind'])],
      { description: 'Share of the time. Much of kind major: the memory is short.' },
    ),
    lines(
      'Alert webhooks',
      'short',
      [
        {
          expr: 'sum by (webhook, outcome) (increase(brazier_alert_webhook_messages_total{%s}[1h]))',
          legend: '{{webhook}} {{outcome}}',
        },
        {
          expr: 'sum by (webhook) (brazier_alert_webhook_waiting{%s})',
          legend: '{{webhook}} waiting',
        },
      ],
      {
        description:
          'Within an hour. Empty without alerts.webhooks. failed or waiting for long: nobody hears of anything.',
      },
    ),
    lines(
      'Open files, of those allowed',
      'percentunit',
      [
        {
          expr: 'max by (instance) (process_open_fds{%s} / process_max_fds{%s})',
          legend: '{{instance}}',
        },
      ],
      {
        description:
          'One for each connection of a sender and for each request to Braze, and those of the log.',
        redFrom: 0.8,
      },
    ),
    lines(
      'Running since',
      's',
      [{ expr: 'time() - max by (instance) (process_start_time_seconds{%s})', legend: '{{instance}}' }],
      { description: 'A fall to 0 is a restart.' },
    ),
    lines(
      'Configuration in use since',
      's',
      [
        {
          expr: 'time() - max by (instance) (brazier_config_last_reload_success_timestamp_seconds{%s})',
          legend: '{{instance}}',
        },
      ],
      { description: 'A fall to 0 is a start, or a reload that was taken over.' },
    ),
    lines(
      'Configurations read again',
      'none',
      [
        {
          expr: 'sum by (instance, outcome) (increase(brazier_config_reloads_total{%s}[1h]))',
          legend: '{{instance}} {{outcome}}',
        },
      ],
      { description: 'In the last hour. After refused or failed the old one stays in use.' },
    ),
    {
      title: 'What runs',
      type: 'table',
      unit: 'none',
      description: 'Two versions at once: an upgrade is under way, or has got stuck.',
      queries: [{ expr: 'max by (namespace, job, instance, version, node) (brazier_build_info{%s})' }],
    },
  ],
};
