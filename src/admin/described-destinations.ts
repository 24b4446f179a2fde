/** The description of the routes of destinations. */
import type { RouteDescription } from '../openapi/route.ts';
import { COUNT, described, listOf, objectOf, oneOfTexts, orNull, TEXT } from '../openapi/schema.ts';
import { GUARDED, OF_CHANGE, OF_LOG, OF_NAME } from './described-answers.ts';
import type { ActResult, DestinationListing, DestinationState } from './destinations-routes.ts';

const STATES = Object.keys({
  running: 0,
  halted: 0,
  detached: 0,
  stopped: 0,
} satisfies Record<DestinationState['state'], 0>);

const DESTINATION = objectOf<DestinationListing>('Destination', {
  id: TEXT,
  state: oneOfTexts(STATES),
  halted: described(
    orNull(objectOf<NonNullable<DestinationState['halted']>>(null, { code: TEXT, message: TEXT })),
    'Why it sends nothing.',
  ),
  backlog: described(COUNT, 'Events in the log that it has not read; of a detached one 0.'),
  inFlight: described(COUNT, 'Events read and without a final outcome.'),
  parked: described(COUNT, 'Those of them whose person has more queued than is held in memory for one.'),
  requestsRunning: COUNT,
  unsettled: described(COUNT, 'Events without a durable final outcome.'),
  heldBytes: described(COUNT, 'About what the log must keep for them.'),
  oldestAgeSeconds: described(orNull({ type: 'number', minimum: 0 }), 'Of the oldest of them.'),
});

const tag = 'destinations';

export const LIST_DESTINATIONS: RouteDescription = {
  method: 'get',
  path: '/destinations',
  operationId: 'listDestinations',
  tag,
  summary: 'How each destination stands.',
  answers: {
    200: {
      description: 'All that are configured.',
      schema: objectOf<{ destinations: unknown }>(null, { destinations: listOf(DESTINATION) }),
      examples: {
        halted: {
          summary: 'One that Braze does not let in',
          value: {
            destinations: [
              {
                id: 'braze',
                state: 'halted',
                halted: { code: 'unauthorized', message: 'Braze answered 401: Invalid API key' },
                backlog: 120,
                inFlight: 75,
                parked: 0,
                requestsRunning: 1,
                unsettled: 195,
                heldBytes: 81_920,
                oldestAgeSeconds: 42.5,
              },
            ],
          },
        },
      },
    },
    ...GUARDED,
    ...OF_LOG,
  },
};

export const DETACH = change('detach', 'Let go of a destination: nothing waits for it any more.');
export const ATTACH = change('attach', 'Take a destination on again, from the end of the log.');

function change(operationId: 'detach' | 'attach', summary: string): RouteDescription {
  return {
    method: 'post',
    path: `/destinations/{id}/${operationId}`,
    operationId,
    tag,
    summary,
    parameters: [{ name: 'id', in: 'path', description: 'Of the destination.', schema: TEXT }],
    answers: {
      200: {
        description: 'Durable.',
        schema: objectOf<Omit<Extract<ActResult, { ok: true }>, 'ok'>>('Change', {
          id: TEXT,
          events: described(COUNT, 'How many it is not sent.'),
        }),
      },
      ...GUARDED,
      ...OF_LOG,
      ...OF_NAME,
      ...OF_CHANGE,
    },
  };
}
