/** Brings a piece into the log: waits while the log cannot take it, gives up nothing, and counts it when it is durable. */
import { countRejected, countStored } from '../ingest/counts.ts';
import { type AppendResult, type EventLog, LogError } from '../log/log.ts';
import { EVENTS_TOPIC } from '../model/record.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { IntakeLimits } from './limits.ts';
import { partsOf } from './parts.ts';
import type { Piece } from './pieces.ts';

export interface StoreParts {
  readonly log: Pick<EventLog, 'append'>;
  readonly limits: Pick<IntakeLimits, 'maxRetryMs'>;
  readonly metrics: Metrics;
  readonly logger: Pick<Logger, 'warn'>;
  /** 0 ≤ random() < 1 */
  readonly random: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Resolves with true when all of the piece is durable; with false when `signal` aborted first: some of it may be durable. */
export type Store = (piece: Piece, signal: AbortSignal) => Promise<boolean>;

const FIRST_RETRY_MS = 200;
const REUSED = 'a messageId came again with another event: accepted, both are delivered';
const WAITING = 'the log takes no events of subscriptions for now: they wait in their topics';

export function createStore({ log, limits, metrics, logger, random, pause }: StoreParts): Store {
  async function appended(piece: Piece, signal: AbortSignal): Promise<AppendResult | undefined> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        return await unless(signal, log.append(EVENTS_TOPIC, piece.records, piece.letters));
      } catch (error) {
        if (!isPassing(error)) throw error;
        logger.warn(WAITING, { code: error.code, source: piece.source, err: error });
      }
      const ceiling = Math.min(limits.maxRetryMs, FIRST_RETRY_MS * 2 ** Math.min(failures, 10));
      // At least half of it: the brokers need the time more than the events do.
      await pause(ceiling * (0.5 + random() / 2), signal);
    }
    return undefined;
  }

  async function store(piece: Piece, signal: AbortSignal): Promise<boolean> {
    if (piece.records.length === 0 && piece.letters.length === 0) return counted(piece, NOTHING);
    try {
      const result = await appended(piece, signal);
      return result !== undefined && counted(piece, result);
    } catch (error) {
      const parts = isOversized(error) ? partsOf(piece) : [];
      if (parts.length === 0) throw error;
      return storeInTurn(parts, signal);
    }
  }

  async function storeInTurn(parts: readonly Piece[], signal: AbortSignal): Promise<boolean> {
    for (const part of parts) if (!(await store(part, signal))) return false;
    return true;
  }

  function counted(piece: Piece, result: AppendResult): true {
    const way = { source: piece.source, channel: 'kafka' } as const;
    const reused = countStored(metrics, way, piece.records.length, result);
    if (reused > 0) logger.warn(REUSED, { code: 'message_id_reused', source: piece.source, events: reused });
    countRejected(metrics, way, piece.rejections);
    if (piece.tombstones > 0) metrics.ingestEvents.inc({ ...way, outcome: 'tombstone' }, piece.tombstones);
    return true;
  }

  return store;
}

const NOTHING: AppendResult = { duplicates: [] };

/** Every failure of the log but one recovers by itself, or ends the process. */
function isPassing(error: unknown): error is LogError {
  return error instanceof LogError && error.code !== 'log_oversized';
}

function isOversized(error: unknown): boolean {
  return error instanceof LogError && error.code === 'log_oversized';
}

/** The result, or undefined as soon as the signal aborts: what becomes of the work then is nobody's business. */
async function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
  const onAbort = () => resolve(undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
