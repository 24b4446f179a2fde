/** What one destination's delivery tells the metrics and the log lines. */
import type { Attempt } from '../delivery/attempt.ts';
import type { Halt } from '../delivery/gate.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** What each attempt comes to in the metrics, and in the log where an operator may have to act. */
export function createObserver(id: string, metrics: Metrics, logger: Logger): (attempt: Attempt) => void {
  return ({ endpoint, verdict, status, objects, durationMs, remaining, throttledMs }) => {
    const labels = { destination: id, endpoint };
    const status_class = status === undefined ? 'none' : `${Math.floor(status / 100)}xx`;
    const outcome = outcomeOf(verdict);
    metrics.deliveryAttempts.inc({ ...labels, outcome, status_class });
    metrics.deliveryDuration.observe(labels, durationMs / 1000);
    metrics.deliveryBatchSize.observe(labels, objects);
    if (remaining !== undefined) metrics.rateLimitRemaining.set(labels, remaining);
    if (throttledMs !== undefined) metrics.throttleWait.observe(labels, throttledMs / 1000);
    logger.debug('a request to Braze', { ...labels, outcome, status, objects, durationMs });
    if (verdict.kind === 'retry') {
      logger.warn('Braze did not take a request: it goes again', {
        destination: id,
        endpoint,
        code: verdict.code,
        objects,
      });
    } else if (verdict.kind === 'split' || verdict.kind === 'named') {
      logger.warn('Braze refused a request: looking for the objects at fault', {
        destination: id,
        endpoint,
        status,
        objects,
      });
    } else if (verdict.kind === 'final' && verdict.doubt !== undefined) {
      logger.warn(verdict.doubt, { destination: id, endpoint, status, objects });
    }
  };
}

/** In the words of the metric: a request of which Braze took anything was delivered, one that is taken apart goes again. */
export function outcomeOf(
  verdict: Attempt['verdict'],
): 'delivered' | 'rejected' | 'split' | 'retry' | 'halt' {
  if (verdict.kind === 'final')
    return verdict.outcomes.some(({ status }) => status === 'delivered') ? 'delivered' : 'rejected';
  return verdict.kind === 'named' ? 'split' : verdict.kind;
}

/** Loud when it begins, and when it ends. */
export function createHaltTeller(destination: string, metrics: Metrics, logger: Logger) {
  let code: string | undefined;
  const forget = () => {
    if (code !== undefined) metrics.destinationHalted.set({ destination, code }, 0);
    code = undefined;
  };
  return {
    tell(halt: Halt | undefined): void {
      forget();
      code = halt?.code;
      if (halt) {
        metrics.destinationHalted.set({ destination, code: halt.code }, 1);
        logger.error(`halted, nothing is lost: ${halt.message}`, { destination, code: halt.code });
      } else {
        logger.info('resumed', { destination });
      }
    },
    /** Whatever comes next begins without a halt. */
    forget,
  };
}
