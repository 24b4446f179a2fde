/** What several routes of the admin API answer when they cannot do as asked, as the description says it. */
import {
  type AnswerDescription,
  type Codes,
  type RouteDescription,
  refusalAnswer,
} from '../openapi/route.ts';
import { TEXT } from '../openapi/schema.ts';
import { ADMIN_CODES } from './codes.ts';

type Answers = RouteDescription['answers'];

function only(codes: Codes, code: string): AnswerDescription {
  return refusalAnswer({ [code]: codes[code] ?? '' });
}

/** Of every route: a bug. */
export const INTERNAL: Answers = { 500: refusalAnswer(ADMIN_CODES[500]) };

/** Of every route that is not open. */
export const GUARDED: Answers = {
  ...INTERNAL,
  401: refusalAnswer(ADMIN_CODES[401], {
    'WWW-Authenticate': { description: 'Bearer.', schema: TEXT },
  }),
};

export const OF_QUERY: Answers = { 400: only(ADMIN_CODES[400], 'invalid_query') };

export const OF_BODY: Answers = {
  400: only(ADMIN_CODES[400], 'invalid_body'),
  413: refusalAnswer(ADMIN_CODES[413]),
  415: refusalAnswer(ADMIN_CODES[415]),
};

/** Of a route that reads or writes the log. */
export const OF_LOG: Answers = {
  409: only(ADMIN_CODES[409], 'log_unsupported'),
  503: refusalAnswer(ADMIN_CODES[503]),
};

/** Of a route that names one thing. */
export const OF_NAME: Answers = { 404: refusalAnswer(ADMIN_CODES[404]) };

/** Of a route that changes what may stand so already. */
export const OF_CHANGE: Answers = { 409: refusalAnswer(ADMIN_CODES[409]) };
