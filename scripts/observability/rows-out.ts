/** The rows of the way to Braze: what becomes of an event, and what Braze answers. */
import { DESTINATION, lines, perSecond, quantile, type Row, rate, value } from './panel.ts';

export const transform: Row = {
  title: 'Transform',
  panels: [
    lines(
      'Filtered, by code',
      'eps',
      [perSecond('brazier_events_filtered_total', DESTINATION, ['destination', 'reason'])],
      {
        description: 'Left out on purpose, by settings or by the event itself. docs/errors.md has the codes.',
      },
    ),
    lines(
      'Rejected, by code',
      'eps',
      [perSecond('brazier_events_rejected_total', DESTINATION, ['destination', 'reason'])],
      { description: 'Each is a dead letter. Empty while none was rejected. docs/errors.md has the codes.' },
    ),
    lines(
      'Warnings, by code',
      'eps',
      [perSecond('brazier_transform_warnings_total', DESTINATION, ['destination', 'code'])],
      {
        description:
          'Delivered, but for what the code names: a value that Braze would not take, a name too long.',
      },
    ),
    lines(
      'Left out, since Braze has it',
      'eps',
      [
        perSecond('brazier_operations_left_out_total', DESTINATION, ['destination', 'kind']),
        {
          expr: `sum by (destination) (${rate('brazier_attributes_unchanged_total', DESTINATION)})`,
          legend: '{{destination}} single attributes',
        },
      ],
      { description: 'Data points that were not spent. Attributes are left out with supportDedup alone.' },
    ),
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
      description: 'One attempt, from sending to the end of the reply. Darker: more of them.',
      queries: [
        {
          expr: `sum by (le) (${rate('brazier_delivery_request_duration_seconds_bucket', DESTINATION)})`,
          legend: '{{le}}',
        },
      ],
    },
    lines(
      'Time of a request, p95',
      's',
      [quantile(0.95, 'brazier_delivery_request_duration_seconds', DESTINATION, ['destination', 'endpoint'])],
      { description: 'Braze answers within a second; above that it is slow, or the way to it is.' },
    ),
    lines(
      'Objects per request',
      'short',
      [
        quantile(0.5, 'brazier_delivery_batch_size', DESTINATION, ['destination', 'endpoint']),
        quantile(0.95, 'brazier_delivery_batch_size', DESTINATION, ['destination', 'endpoint']),
      ],
      { description: 'Few objects per request while much waits: many events of few people.' },
    ),
    lines(
      'Left of the rate limit',
      'short',
      [value('brazier_braze_ratelimit_remaining', DESTINATION, ['destination', 'endpoint'], 'min')],
      {
        description:
          "As Braze last said. Near 0 although little is sent: others use the workspace's limit up.",
      },
    ),
    lines(
      'Pauses after a 429',
      's',
      [quantile(0.95, 'brazier_throttle_wait_seconds', DESTINATION, ['destination', 'endpoint'])],
      { description: 'How long nothing was sent because Braze said so, p95. Empty while it has not.' },
    ),
    lines(
      'Objects with an outcome',
      'ops',
      [perSecond('brazier_delivery_operations_total', DESTINATION, ['destination', 'kind', 'outcome'])],
      { description: 'Braze objects: an event makes none, one or several.' },
    ),
    lines(
      'Requests under way',
      'none',
      [value('brazier_delivery_requests_running', DESTINATION, ['destination'])],
      {
        description:
          'Those that wait to be tried again among them. At the most while nothing gets through: Braze fails.',
      },
    ),
    lines(
      'Halted',
      'none',
      [value('brazier_destination_halted', DESTINATION, ['destination', 'code'], 'max')],
      { description: '1 while Braze takes nothing; the code says why. Empty while none has halted.' },
    ),
  ],
};
