/**
 * Takes an idle loop out of kafkajs 2.2.4: once a connection has had a response, its request queue armed a timer of 1 ms
 * for ever (github.com/tulios/kafkajs/issues/1556), with a negative duration that Node 24 warns of
 * (github.com/tulios/kafkajs/issues/1751).
 */
import { type RawRequestQueue, RequestQueue } from './internals.ts';
import { patchMethod } from './patch-guard.ts';

/** kafkajs' own pace for what waits behind others (`CHECK_PENDING_REQUESTS_INTERVAL`). */
const CHECK_AFTER_MS = 10;

/**
 * A timer only while something waits or the broker throttles. What waits for a place among the requests in flight is
 * sent when one of them is answered, as before.
 */
function scheduleCheckPendingRequests(this: RawRequestQueue): void {
  if (this.throttleCheckTimeoutId) return;
  const throttledMs = this.throttledUntil - Date.now();
  if (this.pending.length === 0 && throttledMs <= 0) return;
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    Math.max(throttledMs, CHECK_AFTER_MS),
  );
}

export const TIMER_METHOD = {
  name: 'RequestQueue.scheduleCheckPendingRequests',
  sourceHash: '04347ea969c6f2e3754427c0cbaee0bd4ce947fbd82f7b6e027506a06dfc581a',
};

/** For the whole process; throws when kafkajs is not the one it was made for. */
export function patchRequestTimer(): void {
  patchMethod(
    RequestQueue.prototype,
    'scheduleCheckPendingRequests',
    TIMER_METHOD,
    () => scheduleCheckPendingRequests,
  );
}
