/** The trace that an event belongs to, as its sender names it (W3C Trace Context). */

/** What a `traceparent` says. */
export interface TraceContext {
  /** 32 hex digits, not all of them 0. */
  readonly traceId: string;
  /** 16 hex digits, not all of them 0. */
  readonly spanId: string;
  /** Whoever began the trace records it. */
  readonly isSampled: boolean;
}

/** W3C Trace Context, 3.2.2: later versions may only append to it, and no version is `ff`. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;
const VERSION_00_LENGTH = 55;
const MAX_LENGTH = 128;
const SAMPLED = 0x01;

export function isTraceparent(value: string | undefined): value is string {
  if (value === undefined || value.length > MAX_LENGTH || !TRACEPARENT.test(value)) return false;
  return value.length === VERSION_00_LENGTH || !value.startsWith('00');
}

/** Undefined for what is none: as if it had not been sent. */
export function parseTraceparent(value: string | undefined): TraceContext | undefined {
  if (!isTraceparent(value)) return undefined;
  const flags = Number.parseInt(value.slice(53, 55), 16);
  return { traceId: value.slice(3, 35), spanId: value.slice(36, 52), isSampled: (flags & SAMPLED) !== 0 };
}

export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
