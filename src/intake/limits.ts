/** The ceilings of the intake: those of an event are the same as over HTTP. */
import { DEFAULT_LIMITS, type IngestLimits, limitsFor } from '../ingest/limits.ts';
import type { EventLog } from '../log/log.ts';

export interface IntakeLimits extends IngestLimits {
  /** Bytes of one record's value. */
  readonly maxRecordBytes: number;
  /** Value bytes that are read and not yet in the log, of all partitions; one chunk may go beyond it. */
  readonly maxWaitingBytes: number;
  /** Events, and bytes of them, that go into the log together. */
  readonly maxAppendEvents: number;
  readonly maxAppendBytes: number;
  /** The longest wait before an append that failed is tried again. */
  readonly maxRetryMs: number;
}

export const INTAKE_LIMITS: IntakeLimits = {
  ...DEFAULT_LIMITS,
  // The default of `http.maxBodyBytes`: a record may hold the body of an SDK.
  maxRecordBytes: 8 * 1024 * 1024,
  maxWaitingBytes: 16 * 1024 * 1024,
  maxAppendEvents: 2_000,
  maxAppendBytes: 1024 * 1024,
  maxRetryMs: 5_000,
};

/** An event that the log could not hold becomes a letter, whichever way it came. */
export function intakeLimitsFor(limits: IntakeLimits, log: Pick<EventLog, 'maxValueBytes'>): IntakeLimits {
  return { ...limits, ...limitsFor(limits, log) };
}
