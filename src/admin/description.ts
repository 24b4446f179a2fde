/** The OpenAPI description of the admin API: of every route that the server adds. */
import { describeApi } from '../openapi/document.ts';
import { type Codes, type RouteDescription, refusalSchema } from '../openapi/route.ts';
import { ADMIN_CODES } from './codes.ts';
import { ATTACH, DETACH, LIST_DESTINATIONS } from './described-destinations.ts';
import { EXPLAIN_EVENT, LIST_DOUBTFUL } from './described-explain.ts';
import { LETTERS_TAG, LIST_LETTERS, SHOW_LETTER, SUM_LETTERS } from './described-letters.ts';
import { BACK_UP, DESCRIBE, LIVE, METRICS, READY, SET_LEVEL, SHOW_LEVEL } from './described-process.ts';
import { DISCARD_LETTERS, REPLAY_LETTERS, RESEND_EVENTS } from './described-replays.ts';

export const ADMIN_ROUTES: readonly RouteDescription[] = [
  METRICS,
  LIVE,
  READY,
  DESCRIBE,
  SHOW_LEVEL,
  SET_LEVEL,
  BACK_UP,
  LIST_DESTINATIONS,
  DETACH,
  ATTACH,
  LIST_LETTERS,
  SUM_LETTERS,
  SHOW_LETTER,
  REPLAY_LETTERS,
  DISCARD_LETTERS,
  RESEND_EVENTS,
  EXPLAIN_EVENT,
  LIST_DOUBTFUL,
];

/** JSON text. */
export function describeAdmin(): string {
  return describeApi({
    title: 'Brazier: admin',
    summary:
      'Metrics, health, destinations, dead letters, replays and explanations. Never on the public port.',
    description: [
      'A member or parameter that is not known is an error: nothing is guessed and nothing is passed over.',
      'Another path is 404 `not_found`, another method 405 `method_not_allowed` with `Allow`.',
    ].join('\n\n'),
    security: {
      name: 'adminToken',
      scheme: 'bearer',
      description: 'The token in the file `admin.tokenFile`.',
    },
    tags: {
      process: 'The process itself.',
      destinations: 'Braze workspaces that are delivered to.',
      [LETTERS_TAG]: 'Events that ended without delivery.',
      replays: 'Delivered events, once more.',
      explanations: 'What became of events. Changes nothing.',
    },
    routes: ADMIN_ROUTES,
    schemas: [refusalSchema([...new Set(Object.values<Codes>(ADMIN_CODES).flatMap(Object.keys))], 'Refusal')],
  });
}
