/** Every code that ingest answers with, by status, and what it means: no other compiles, and the description lists these. */

/** Of a request that is refused as a whole. */
export const REFUSAL_CODES = {
  400: {
    invalid_json: 'the body is not JSON; the message names the position',
    invalid_encoding: 'the body is not UTF-8',
    invalid_gzip: 'the body is not one whole gzip stream',
    not_an_object: 'the body of a batch, or the event of a single call, is no JSON object',
    missing_batch: '`batch` is absent or null',
    invalid_batch: '`batch` is neither array nor object',
    empty_batch: '`batch` is without events',
    too_deep: 'it nests too deep',
    missing_identity: 'the event names nobody',
    invalid_http: 'the request is not HTTP',
  },
  401: { unauthorized: 'no Basic credentials, or no source has this write key' },
  404: {
    source_disabled: 'the source of this write key is disabled',
    not_found: 'no such path',
  },
  405: { method_not_allowed: '`Allow` names the right method' },
  408: { request_timeout: 'the request did not arrive in time: send it again' },
  413: {
    body_too_large: 'the body, inflated, is larger than the server takes',
    too_many_events: 'more events than a batch may hold',
    envelope_too_large: '`context` and `integrations` beside `batch` are too large',
    event_too_large: 'the event is too large',
    log_oversized: 'the log takes less than it did when the server started; nothing of the request is stored',
  },
  415: { unsupported_encoding: 'a `Content-Encoding` other than gzip' },
  429: {
    rate_limited: 'too many bytes wait for the disk, or it is slow: send the same bytes again, later',
    log_full: 'the log is at its configured size: send the same bytes again, later',
  },
  431: { headers_too_large: 'the request headers are too large' },
  500: { internal_error: 'a fault of the server: send it again' },
  503: {
    shutting_down: 'the process ends: another one will answer',
    log_closing: 'the process ends: another one will answer',
    disk_full: 'no space for the log: send the same bytes again, later',
    log_unavailable: 'the brokers do not take it for now: send the same bytes again, later',
    log_failing: 'the log cannot be written: send the same bytes again, later',
  },
} as const;

export type RefusalStatus = keyof typeof REFUSAL_CODES;

/** The codes of one status, or of several. */
export type RefusalCode<Status extends RefusalStatus = RefusalStatus> = {
  [Each in Status]: keyof (typeof REFUSAL_CODES)[Each];
}[Status];

/** Of one event of a batch; the rest of the batch is taken. */
export const EVENT_CODES = {
  not_an_object: 'the event is no JSON object',
  missing_type: 'the event has no type',
  missing_identity: 'the event names nobody',
  event_too_large: 'the event is too large',
  too_deep: 'the event nests too deep',
} as const;
