/** The description of the routes about the process itself. */

import type { RouteDescription } from '../openapi/route.ts';
import { COUNT, described, FLAG, listOf, objectOf, oneOfTexts, TEXT } from '../openapi/schema.ts';
import { LOG_LEVELS, type LogLevel } from '../telemetry/logger.ts';
import { GUARDED, INTERNAL, OF_BODY, OF_LOG } from './described-answers.ts';

const tag = 'process';

export const METRICS: RouteDescription = {
  method: 'get',
  path: '/metrics',
  operationId: 'metrics',
  tag,
  summary: 'All metrics, for Prometheus.',
  isOpen: true,
  answers: {
    200: { description: "Prometheus' text format.", contentType: 'text/plain', schema: TEXT },
    ...INTERNAL,
  },
};

export const LIVE: RouteDescription = {
  method: 'get',
  path: '/health/live',
  operationId: 'isLive',
  tag,
  summary: 'Does the process answer?',
  isOpen: true,
  answers: {
    200: { description: 'It does.', schema: objectOf<{ live: true }>(null, { live: { const: true } }) },
    ...INTERNAL,
  },
};

const READINESS = objectOf<{ ready: boolean; reasons: readonly string[] }>('Readiness', {
  ready: FLAG,
  reasons: described(listOf(TEXT), 'Why it cannot; empty when it can.'),
});

export const READY: RouteDescription = {
  method: 'get',
  path: '/health/ready',
  operationId: 'isReady',
  tag,
  summary: 'Can the process take events, or deliver them? Braze is not asked.',
  isOpen: true,
  answers: {
    200: { description: 'It can.', schema: READINESS },
    ...INTERNAL,
    503: {
      description: 'It cannot.',
      schema: READINESS,
      examples: {
        full: {
          summary: 'The disk is full',
          value: { ready: false, reasons: ['disk_full: the disk is full'] },
        },
      },
    },
  },
};

const LEVEL = oneOfTexts(LOG_LEVELS);

export const SHOW_LEVEL: RouteDescription = {
  method: 'get',
  path: '/log-level',
  operationId: 'showLogLevel',
  tag,
  summary: 'Which log lines are written?',
  answers: {
    200: {
      description: 'The least important that are.',
      schema: objectOf<{ level: LogLevel }>('LogLevel', { level: LEVEL }),
    },
    ...GUARDED,
  },
};

export const SET_LEVEL: RouteDescription = {
  method: 'put',
  path: '/log-level',
  operationId: 'setLogLevel',
  tag,
  summary: 'Write more or fewer log lines, until the process ends.',
  body: {
    schema: objectOf<{ level: LogLevel }>('LogLevel', { level: LEVEL }),
    examples: { debug: { summary: 'All of them', value: { level: 'debug' } } },
  },
  answers: {
    200: {
      description: 'From the next line on.',
      schema: objectOf<{ level: LogLevel; was: LogLevel }>('LogLevelChange', { level: LEVEL, was: LEVEL }),
    },
    ...GUARDED,
    ...OF_BODY,
  },
};

export const BACK_UP: RouteDescription = {
  method: 'post',
  path: '/backup',
  operationId: 'backUp',
  tag,
  summary: 'Copy the embedded log, while it is in use, into a new file of the data folder.',
  description: 'Who hangs up before the answer has no copy.',
  answers: {
    200: {
      description: 'The file is whole, and only its owner may read it.',
      schema: objectOf<{ path: string; bytes: number }>('Backup', { path: TEXT, bytes: COUNT }),
    },
    ...GUARDED,
    ...OF_LOG,
  },
};

export const DESCRIBE: RouteDescription = {
  method: 'get',
  path: '/openapi.json',
  operationId: 'describe',
  tag,
  summary: 'This description.',
  isOpen: true,
  answers: {
    200: { description: 'OpenAPI 3.1.', schema: { type: 'object', required: ['openapi', 'info', 'paths'] } },
    ...INTERNAL,
  },
};
