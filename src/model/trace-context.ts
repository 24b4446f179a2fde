/** The trace that an event belongs to, as its sender names it (W3C Trace Context). */

/** Version 00 and those that only append to it. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-|$)/;
const MAX_LENGTH = 128;

export function isTraceparent(value: string | undefined): value is string {
  return value !== undefined && value.length <= MAX_LENGTH && TRACEPARENT.test(value);
}
