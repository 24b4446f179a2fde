/** The ceilings of the ingest server: every buffer, count and wait has one, so that no client can take the process down. */
import type { EventLog } from '../log/log.ts';

/** What the configuration leaves fixed; tests shorten the waits. */
export interface IngestLimits {
  /** Body bytes, of all requests together, that are read but not yet durable. */
  readonly maxPendingBytes: number;
  readonly maxEventsPerBatch: number;
  /** UTF-8 bytes of one event's JSON text. */
  readonly maxEventBytes: number;
  /** Levels of nesting of one event; the event itself is the first. */
  readonly maxEventDepth: number;
  /** Levels of nesting of a whole body. */
  readonly maxBodyDepth: number;
  /** How long an answer waits for the log before it is 429. */
  readonly appendTimeoutMs: number;
  /** How long the end of a refused body is waited for before the connection is cut. */
  readonly drainMs: number;
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How often Node looks for connections that are past a timeout. */
  readonly connectionsCheckMs: number;
}

export const DEFAULT_LIMITS: IngestLimits = {
  maxPendingBytes: 64 * 1024 * 1024,
  maxEventsPerBatch: 5_000,
  // Fits with all that travels beside it below Kafka's default max.message.bytes (1,048,588); see `limitsFor`.
  maxEventBytes: 1_000_000,
  // RudderStack's documented depth of an event. JSON.parse reads a million levels, JSON.stringify overflows the stack.
  maxEventDepth: 200,
  maxBodyDepth: 1_000,
  // Segment's Ruby SDK stops waiting after 8 s, its Node SDK after 10 s.
  appendTimeoutMs: 7_000,
  drainMs: 5_000,
  maxConnections: 10_000,
  maxHeaderBytes: 16 * 1024,
  // With the time until the next look a trickling client is gone within 10 s, or 30 s when it trickles its body.
  headersTimeoutMs: 8_000,
  requestTimeoutMs: 28_000,
  // Above the 60 s after which common load balancers drop an idle connection, or they would race our close.
  keepAliveTimeoutMs: 70_000,
  connectionsCheckMs: 1_000,
};

/** An event that the log could not hold is refused before anything of its request is stored. */
export function limitsFor(limits: IngestLimits, log: Pick<EventLog, 'maxValueBytes'>): IngestLimits {
  return { ...limits, maxEventBytes: Math.min(limits.maxEventBytes, log.maxValueBytes) };
}
