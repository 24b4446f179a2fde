/** Hands the accepted events to the log, counts them the moment they are durable, and bounds the wait for it. */
import { type AppendResult, type EventLog, LogError, type LogErrorCode } from '../log/log.ts';
import { EVENTS_TOPIC } from '../model/record.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Accepted } from './accept.ts';
import { countRejected, countStored } from './counts.ts';
import { overloaded, type Refusal, tooLarge, unavailable } from './refusal.ts';
import type { LogRefusal } from './refusal-log.ts';

export interface StoreOptions {
  readonly log: Pick<EventLog, 'append'>;
  readonly metrics: Metrics;
  readonly logRefusal: LogRefusal;
  readonly appendTimeoutMs: number;
}

/**
 * Resolves when the events and letters are durable, or with the reason to come again. After a timeout the
 * events may still become durable; the repeat is then dropped by its messageId. `release` is called when the
 * log has let go of the bytes, however late.
 */
export type Store = (
  accepted: Accepted,
  source: string,
  release: () => void,
) => Promise<AppendResult | Refusal>;

const REUSED = 'a messageId came again with another event: accepted, both are delivered';

const SLOW_LOG = overloaded('rate_limited', 'the log is too slow for now; send the request again');
const LOG_FULL = overloaded('log_full', 'the log has reached its configured size; send the request again', 5);
const DISK_FULL = unavailable('disk_full', 'the disk of the log is full; send the request again', 5);
const LOG_UNAVAILABLE = unavailable(
  'log_unavailable',
  'the brokers do not take it for now; send the request again',
  5,
);
const LOG_OVERSIZED = tooLarge(
  'log_oversized',
  'an event, with what travels beside it, is larger than the log takes; nothing of the request is stored',
);
const LOG_CLOSING = unavailable('log_closing', 'the log is closing; send the request again');
const LOG_FAILING = unavailable('log_failing', 'the log cannot be written; send the request again', 5);

export function createStore({ log, metrics, logRefusal, appendTimeoutMs }: StoreOptions): Store {
  const append: Store = async ({ records, letters, rejections }, source, release) => {
    try {
      const result = await log.append(EVENTS_TOPIC, records, letters);
      const way = { source, channel: 'http' } as const;
      const conflicts = countStored(metrics, way, records.length, result);
      if (conflicts > 0) logRefusal(REUSED, { code: 'message_id_reused', source, events: conflicts });
      countRejected(metrics, way, rejections);
      return result;
    } catch (error) {
      return refusalOf(error);
    } finally {
      release();
    }
  };
  return (...given) => withDeadline(append(...given), appendTimeoutMs, SLOW_LOG);
}

/** Any other code is one of a log that cannot go on. */
const REFUSALS: Partial<Record<LogErrorCode, Refusal>> = {
  log_full: LOG_FULL,
  disk_full: DISK_FULL,
  log_unavailable: LOG_UNAVAILABLE,
  log_oversized: LOG_OVERSIZED,
  log_closing: LOG_CLOSING,
};

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof LogError)) throw error;
  return { ...(REFUSALS[error.code] ?? LOG_FAILING), reason: error.message };
}

function withDeadline<T, L>(promise: Promise<T>, ms: number, late: L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms, late);
    const settled =
      <Value>(settle: (value: Value) => void) =>
      (value: Value) => {
        clearTimeout(timer);
        settle(value);
      };
    promise.then(settled(resolve), settled(reject));
  });
}
