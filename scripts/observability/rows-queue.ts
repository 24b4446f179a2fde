/** The row of what waits, and of what was put aside. */
import { DESTINATION, lines, perSecond, type Row, value } from './panel.ts';

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
    lines(
      'Oldest without an outcome',
      's',
      [value('brazier_oldest_unsettled_age_seconds', DESTINATION, ['destination'], 'max')],
      {
        description:
          'Rises by a second each second while one and the same event waits; falls when it is through.',
      },
    ),
    lines(
      'Objects in the queue',
      'short',
      [value('brazier_queue_operations', DESTINATION, ['destination'])],
      { description: 'Braze objects in memory, waiting for their turn or under way.' },
    ),
    lines('Log', 'bytes', [value('brazier_log_bytes', '%s', ['instance'])], {
      description:
        'The embedded log on its disk, at most log.maxBytes. What is delivered makes room by itself.',
    }),
    lines(
      'Free on the disk of the log',
      'percentunit',
      [
        {
          expr: 'min by (instance) (brazier_disk_free_bytes{%s} / (brazier_disk_size_bytes{%s} > 0))',
          legend: '{{instance}}',
        },
      ],
      { description: 'Of the disk with the data folder. Below 5 % it is time: when it is full, all stands.' },
    ),
    lines(
      'Held for a destination',
      'bytes',
      [value('brazier_log_held_bytes', DESTINATION, ['destination', 'instance'])],
      { description: 'What may not make room yet: from the oldest event without an outcome on.' },
    ),
    lines('The log is near its cap', 'none', [value('brazier_log_near_cap', '%s', ['instance'], 'max')], {
      description: '1 from 80 % of log.maxBytes on; at the cap senders get 429.',
    }),
    lines(
      'Read from the log',
      'eps',
      [perSecond('brazier_events_read_total', DESTINATION, ['destination'])],
      {
        description: 'As fast as events are accepted, while nothing holds it up; faster while it catches up.',
      },
    ),
    lines(
      'Dead letters',
      'short',
      [
        value('brazier_dead_letters', '%s, destination!=""', ['destination'], 'max'),
        { expr: 'max(brazier_dead_letters{%s, destination=""})', legend: 'turned away by ingest' },
      ],
      { description: 'Kept now. It falls when they are replayed or discarded.' },
    ),
    lines(
      'Dead letters written',
      'eps',
      [perSecond('brazier_dead_letters_total', DESTINATION, ['destination', 'kind'])],
      { description: 'By kind of rejection. Empty while there was none.' },
    ),
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
      { description: 'At 100 % the oldest are dropped.', redFrom: 0.8 },
    ),
    lines(
      'Dead letters dropped',
      'eps',
      [perSecond('brazier_dead_letters_dropped_total', '%s', ['reason'])],
      { description: 'By age or to make room: these events are gone. It should be 0.' },
    ),
    lines(
      'Perhaps counted twice',
      'eps',
      [perSecond('brazier_events_in_doubt_total', DESTINATION, ['destination'])],
      { description: 'Their request was sent and its reply lost. `brazier explain --doubtful` lists them.' },
    ),
    lines(
      'Detached',
      'short',
      [
        value('brazier_destination_detached', DESTINATION, ['destination'], 'max'),
        {
          expr: `sum by (destination) (increase(brazier_events_detached_total{${DESTINATION}}[1h]))`,
          legend: '{{destination}} not sent in the last hour',
        },
      ],
      { description: '1 while somebody has let go of a destination: it is sent nothing.' },
    ),
  ],
};
