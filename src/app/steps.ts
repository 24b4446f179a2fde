/** The steps of one destination's way, each made and joined to the next: plan, memory, journal, pipeline, delivery. */
import { createTransform } from '../../transformers/transform.ts';
import { createBrazeClient } from '../braze/client.ts';
import { adviceFor } from '../braze/refusal.ts';
import type { DestinationConfig, SourceConfig } from '../config/config.ts';
import type { DeliveryOptions } from '../delivery/delivery.ts';
import { createDelivery } from '../delivery/dispatcher.ts';
import type { EventLog } from '../log/log.ts';
import type { Memory } from '../memory/memory.ts';
import { openMemory } from '../memory/open-memory.ts';
import { rejected } from '../model/outcome.ts';
import { systemClock } from '../model/time.ts';
import { createJournal, type Journal } from '../pipeline/journal.ts';
import type { Passage } from '../pipeline/passage.ts';
import { createPipeline, type Pipeline } from '../pipeline/pipeline.ts';
import type { PlanOptions } from '../pipeline/plan.ts';
import { createProgressWriter } from '../pipeline/progress-writer.ts';
import { createRouter } from '../pipeline/routing.ts';
import { createTally, type Tally } from '../pipeline/tally.ts';
import { createWindow } from '../pipeline/window.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing.ts';
import { createHaltTeller, createObserver } from './delivery-signs.ts';
import { createAttemptTracer } from './tracing.ts';

/** Unsettled events of one destination: enough to fill 350 requests of 75 more than half, about 20 MB of text. */
const WINDOW = { records: 20_000, bytes: 64 * 1024 * 1024 };

export interface DestinationParts {
  readonly destination: DestinationConfig;
  readonly sources: readonly SourceConfig[];
  readonly log: EventLog;
  /** The data folder; null where the log is shared: what a process remembers of persons must not outlive its reading. */
  readonly dataPath: string | null;
  /** Events that were read before in this process and not settled: they are read first, and are not counted again. */
  readonly again?: number;
  /** Of the destination's rate limit this process may use so much: above 0, up to 1. */
  readonly share?: number;
  readonly metrics: Metrics;
  /** Without one nothing is traced. */
  readonly tracer?: Tracer | undefined;
  readonly logger: Logger;
  readonly onFatal: (error: Error) => void;
}

/** `key.read` and the members of `plan` may be replaced while they run: the next request, the next event takes the new ones. */
export function buildSteps(parts: DestinationParts, signal: AbortSignal, onError: (error: unknown) => void) {
  const { destination, metrics } = parts;
  const { id } = destination;
  const logger = parts.logger.child({ destination: id });
  const tally = countOnce(createTally(metrics, id), parts.again ?? 0);
  const plan = planOf(destination, parts.sources);
  const key = { read: destination.readRestApiKey };
  const client = createBrazeClient({
    ...destination,
    readRestApiKey: () => key.read(),
    // One more than the most: where all of them fail, another request goes beside them.
    maxSockets: destination.concurrency.max + 1,
    timeoutMs: destination.requestTimeoutMs,
  });
  const memory = openMemoryOf(parts, logger);
  const journal = createJournalOf(parts, { signal, onError });
  const pipeline = createPipelineOf(parts, { plan, tally, memory, journal, signal, onError });
  const halts = createHaltTeller(id, metrics, logger);
  const delivery = createDelivery<Passage>({
    ...deliveryOptions(destination, parts.share ?? 1),
    client,
    settle: (sent, outcomes) => pipeline.settle(sent, outcomes),
    leaving: journal.leaving,
    onRoom: () => pipeline.resume(),
    observe: observerOf(parts, logger),
    onHalt: halts.tell,
    onError,
  });
  const stop = () => {
    delivery.abort();
    halts.forget();
    client.close();
  };
  return { tally, plan, key, memory, journal, pipeline, delivery, stop };
}

function observerOf(
  { destination, metrics, tracer }: DestinationParts,
  logger: Logger,
): DeliveryOptions<Passage>['observe'] {
  const observe = createObserver(destination.id, metrics, logger);
  if (!tracer) return observe;
  const trace = createAttemptTracer(destination, tracer);
  return (attempt, sent) => {
    observe(attempt);
    trace(attempt, sent);
  };
}

function openMemoryOf({ destination, dataPath }: DestinationParts, logger: Logger): Memory {
  const { id, restEndpoint, dedup, settings } = destination;
  return openMemory({
    dataPath,
    destination: id,
    workspace: restEndpoint,
    linkCall: settings.linkCall ?? 'identify',
    supportDedup: settings.supportDedup ?? false,
    dedup,
    epochMs: systemClock.epochMs,
    onWarning: (message) => logger.warn(message),
  });
}

/** Those to come first are in flight already: they are not counted as read once more. */
function countOnce(tally: Tally, again: number): Tally & { toCome(): number } {
  let toCome = again;
  return {
    ...tally,
    read(count) {
      const known = Math.min(toCome, count);
      toCome -= known;
      tally.read(count - known);
    },
    toCome: () => toCome,
  };
}

/** What a destination does with each event: whose it takes, which it wants, what it makes of them. */
export function planOf({ id, settings }: DestinationConfig, sources: readonly SourceConfig[]): PlanOptions {
  const delivering = sources.filter((source) => source.destinations?.includes(id) ?? true);
  const connected = new Set(delivering.map((source) => source.id));
  return {
    destination: id,
    wants: (source) => connected.has(source),
    route: createRouter(settings),
    transform: createTransform(settings),
  };
}

interface PipelineParts {
  readonly plan: PlanOptions;
  readonly tally: Tally;
  readonly memory: Memory;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

const DOUBT_ADVICE = {
  resend: 'they are sent again and may count twice (brazier explain --doubtful lists them)',
  hold: 'they become dead letters',
};

function createJournalOf(
  { destination: { id, uncertain }, log, metrics }: DestinationParts,
  { signal, onError }: Pick<PipelineParts, 'signal' | 'onError'>,
): Journal {
  return createJournal({
    log,
    group: id,
    clock: systemClock,
    hold: uncertain === 'hold',
    signal,
    onDoubt: (count) => metrics.eventsInDoubt.inc({ destination: id }, count),
    onError,
  });
}

function deliveryOptions(destination: DestinationConfig, share: number) {
  const { requests, perSeconds } = destination.rateLimit;
  return {
    ...destination,
    rateLimit: { requests: requests * share, perSeconds },
    clock: systemClock,
    random: Math.random,
    holdUncertain: destination.uncertain === 'hold',
    ...expiry(destination.maxAgeMs),
  };
}

/** Without `maxAge` nobody looks at an event's age. */
function expiry(maxAgeMs: number | null): Pick<DeliveryOptions<Passage>, 'expired'> {
  if (maxAgeMs === null) return {};
  const hours = Math.round(maxAgeMs / 36_000) / 100;
  const outcome = rejected('expired', 'expired', `not delivered within maxAge (${hours} hours)`);
  return {
    expired: ({ record }) => (systemClock.epochMs() - record.timestamp > maxAgeMs ? outcome : undefined),
  };
}

function createPipelineOf(
  { destination, log, logger, metrics }: DestinationParts,
  { plan, tally, memory, journal, signal, onError }: PipelineParts,
): Pipeline {
  const { id } = destination;
  return createPipeline({
    log,
    plan,
    memory,
    journal,
    holdUncertain: destination.uncertain === 'hold',
    window: createWindow(WINDOW),
    progress: createProgressWriter({
      log,
      group: id,
      clock: systemClock,
      signal,
      onDiskFull: () =>
        logger.error('disk full: delivery waits until progress can be stored', { destination: id }),
    }),
    tally,
    clock: systemClock,
    // Without its text: Braze's may quote what was sent.
    onRejected: ({ code, kind }) => {
      const advice = adviceFor(code);
      const known = advice === undefined ? {} : { advice };
      logger.warn('an event became a dead letter', { destination: id, code, kind, ...known });
    },
    onDoubts: (count) => {
      metrics.eventsInDoubt.inc({ destination: id }, count);
      logger.warn(
        `${count} events and purchases were under way when a run broke off, by a kill or for want of brokers: ${DOUBT_ADVICE[destination.uncertain]}`,
        { destination: id },
      );
    },
    onGone: (events) =>
      logger.warn("events are gone: the log's retention deleted them before their person's turn came", {
        destination: id,
        code: 'record_gone',
        events,
      }),
    // The logger holds repeats down.
    onWarning: ({ code, message }) => logger.warn(message, { destination: id, code }),
    onError,
  });
}
