/** The log's failures that a caller is to expect, by code. */

export type LogErrorCode =
  /** `maxBytes` is reached: shed load until delivery and retention make room. */
  | 'log_full'
  /** The disk is full: recovers when space is freed. */
  | 'disk_full'
  /** A write failed: nothing more is acknowledged on this handle, the process must end. */
  | 'log_failing'
  | 'log_closing'
  /** The brokers do not take it for now: recovers by itself. What was written may be durable all the same. */
  | 'log_unavailable'
  /** A record, with what travels beside it, is larger than the log takes: a repeat cannot help. */
  | 'log_oversized'
  /** The kind of log that is configured cannot do it; the message says what to do instead. */
  | 'log_unsupported'
  /** Another process has the store. */
  | 'log_locked'
  /** The store cannot be opened as it is: not writable, damaged, or of a newer version. */
  | 'log_unusable'
  /** No copy could be made of the store, which goes on. */
  | 'backup_failed';

export class LogError extends Error {
  readonly code: LogErrorCode;

  constructor(code: LogErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogError';
    this.code = code;
  }
}
