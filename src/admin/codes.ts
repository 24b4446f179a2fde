/** Every code that the admin API answers with, by status, and what it means: no other compiles, and the description lists these. */
import type { LogErrorCode } from '../log/log.ts';

/** The log's codes come up when it is opened, or are of a status of their own. */
type Other = 'log_locked' | 'log_unusable' | 'log_unsupported';

const LOG_CODES = {
  log_full: 'the log is at its configured size',
  disk_full: 'no space for the log',
  log_unavailable: 'the brokers do not take it for now',
  log_oversized: 'a record is larger than the log takes',
  log_closing: 'the process ends',
  log_failing: 'the log cannot be written; the process ends',
  backup_failed: 'no copy could be made; the log goes on',
} as const satisfies Record<Exclude<LogErrorCode, Other>, string>;

export const ADMIN_CODES = {
  400: {
    invalid_query: 'a query parameter is off; the message names it',
    invalid_body: 'the body is off; the message says what was expected',
  },
  401: { unauthorized: 'no `Authorization: Bearer` with the token of `admin.tokenFile`' },
  404: { not_found: 'there is no such thing, or no such path' },
  405: { method_not_allowed: '`Allow` names the right methods' },
  409: {
    already_done: 'the destination stands so already',
    log_unsupported: 'the kind of log that is configured cannot do it',
  },
  413: { invalid_body: 'the body is too large' },
  415: { invalid_body: 'the encoding or the charset of the body is not understood' },
  500: { internal: 'a bug, or a log that does not answer: the log lines have it' },
  503: LOG_CODES,
} as const;

export type AdminStatus = keyof typeof ADMIN_CODES;

/** The codes of one status. */
export type AdminCode<Status extends AdminStatus> = keyof (typeof ADMIN_CODES)[Status];
