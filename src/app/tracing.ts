/** Tracing as it is configured: what it tells the metrics and the log lines, and what it is told of requests to Braze. */
import type { Config, DestinationConfig } from '../config/config.ts';
import { VERSION } from '../config/version.ts';
import type { Attempt, Sent } from '../delivery/attempt.ts';
import type { Passage } from '../pipeline/passage.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Tracer, Tracing, TracingSigns } from '../telemetry/tracing.ts';
import { outcomeOf } from './delivery-signs.ts';

/** Without a tracer when it is off. Only when it is on OpenTelemetry's SDK is loaded. */
export async function openTracing({ tracing }: Config, logger: Logger): Promise<Tracing | typeof OFF> {
  const { endpoint, headers } = tracing;
  if (endpoint === null) return OFF;
  const { startTracing } = await import('../telemetry/tracing-sdk.ts');
  return startTracing({
    ...tracing,
    url: endpoint,
    version: VERSION,
    readHeaders: () => Object.fromEntries(headers.map(({ name, readValue }) => [name, readValue()])),
    signs: createTracingSigns(logger),
  });
}

const OFF = { tracer: undefined, stop: async () => undefined };

/** One line when spans begin to be lost, however many, and one when they are all taken again. */
export function createTracingSigns(logger: Pick<Logger, 'info' | 'warn'>): TracingSigns {
  let lost = 0;
  let isTooSlow = false;
  return {
    exported() {
      // One that is too slow takes some, and loses others: not before a batch without a loss it is well again.
      if (lost > 0 && !isTooSlow) {
        logger.info('the collector takes spans again', { lost });
        lost = 0;
      }
      isTooSlow = false;
    },
    lost(spans, reason) {
      if (lost === 0) {
        logger.warn('spans are lost, events are not: the collector does not take them', {
          code: 'spans_lost',
          reason,
        });
      }
      lost += spans;
      isTooSlow = reason === 'queue_full';
    },
  };
}

/** Tells the tracer of each attempt of a destination. */
export function createAttemptTracer(
  { id, restEndpoint }: Pick<DestinationConfig, 'id' | 'restEndpoint'>,
  tracer: Pick<Tracer, 'sent'>,
): (attempt: Attempt, sent: Sent<Passage>) => void {
  return ({ endpoint, durationMs, objects, verdict, status = null }, { items, trace }) => {
    const code = 'code' in verdict ? verdict.code : null;
    tracer.sent({
      destination: id,
      origin: restEndpoint,
      endpoint,
      objects,
      attempt: trace.attemptCount,
      status,
      outcome: outcomeOf(verdict),
      code,
      at: trace.attempts.at(-1)?.at ?? 0,
      durationMs,
      traceparents: items.map(({ owner }) => owner.record.headers.traceparent),
    });
  };
}
