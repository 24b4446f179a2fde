/** Puts one destination together: its pipeline, its delivery, and what they tell the metrics and the log lines. */
import { createTransform } from '../transformers/transform.ts';
import type { DestinationState } from './admin/server.ts';
import { createBrazeClient } from './braze/client.ts';
import { adviceFor } from './braze/refusal.ts';
import type { DestinationConfig, SourceConfig } from './config/config.ts';
import type { Attempt } from './delivery/attempt.ts';
import type { Delivery } from './delivery/delivery.ts';
import { createDelivery } from './delivery/dispatcher.ts';
import type { Halt } from './delivery/gate.ts';
import type { EventLog } from './log/log.ts';
import type { Memory } from './memory/memory.ts';
import { openMemory } from './memory/open-memory.ts';
import { systemClock } from './model/time.ts';
import { createPipeline, type Passage, type Pipeline } from './pipeline/pipeline.ts';
import { createProgressWriter } from './pipeline/progress-writer.ts';
import { createRouter } from './pipeline/routing.ts';
import { createTally, type Tally } from './pipeline/tally.ts';
import { createWindow } from './pipeline/window.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Unsettled events of one destination: enough to fill 350 requests of 75 more than half, about 20 MB of text. */
const WINDOW = { records: 20_000, bytes: 64 * 1024 * 1024 };

export interface Destination {
  start(): void;
  /** Reads nothing more and finishes what is under way, until the deadline aborts. */
  drain(deadline: AbortSignal): Promise<void>;
  abort(): Promise<void>;
  /** Brings the metrics up to date. */
  publish(): void;
  state(): DestinationState;
}

export interface DestinationParts {
  readonly destination: DestinationConfig;
  readonly sources: readonly SourceConfig[];
  readonly log: EventLog;
  /** The data folder. */
  readonly dataPath: string;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly onFatal: (error: Error) => void;
}

export function createDestination(parts: DestinationParts): Destination {
  const { destination, log, metrics } = parts;
  const { id } = destination;
  const logger = parts.logger.child({ destination: id });
  const reading = new AbortController();
  const stopping = new AbortController();
  const onError = (error: unknown) => {
    if (!stopping.signal.aborted) parts.onFatal(asError(error));
  };
  const tally = createTally(metrics, id);
  const client = createBrazeClient({
    ...destination,
    // One more than the most: where all of them fail, another request goes beside them.
    maxSockets: destination.concurrency.max + 1,
    timeoutMs: destination.requestTimeoutMs,
  });
  const memory = openMemoryOf(parts, logger);
  const pipeline = createPipelineOf(parts, { tally, memory, signal: stopping.signal, onError });
  const delivery = createDelivery<Passage>({
    ...destination,
    client,
    clock: systemClock,
    random: Math.random,
    settle: ({ items }, outcomes) => pipeline.settle(items, outcomes),
    observe: observer(parts),
    onHalt: haltTeller(id, metrics, logger),
    onError,
  });
  let running: Promise<void> = Promise.resolve();
  const abort = async () => {
    reading.abort();
    stopping.abort();
    delivery.abort();
    client.close();
    await running;
    memory.close();
  };
  return {
    start() {
      running = pipeline.run(delivery, reading.signal).catch(onError);
    },
    async drain(deadline) {
      reading.abort();
      await settledOrAborted(Promise.all([delivery.drain(), running]), deadline);
      await abort();
    },
    abort,
    publish() {
      tally.publish();
      publishGauges(parts, pipeline, delivery);
    },
    state: () => ({
      id,
      halted: delivery.halted ? { code: delivery.halted.code, message: delivery.halted.message } : null,
      backlog: log.backlog(id),
      inFlight: pipeline.inFlight(),
      requestsRunning: delivery.running,
    }),
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

interface PipelineParts {
  readonly tally: Tally;
  readonly memory: Memory;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

function createPipelineOf(
  { destination, sources, log, logger }: DestinationParts,
  { tally, memory, signal, onError }: PipelineParts,
): Pipeline {
  const { id } = destination;
  const connected = new Set(
    sources.filter((source) => source.destinations?.includes(id) ?? true).map((source) => source.id),
  );
  return createPipeline({
    log,
    plan: {
      destination: id,
      wants: (source) => connected.has(source),
      route: createRouter(destination.settings),
      transform: createTransform(destination.settings),
    },
    memory,
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
    onRejected: ({ code, kind }) =>
      logger.warn('an event became a dead letter', { destination: id, code, kind, advice: adviceFor(code) }),
    // The logger holds repeats down.
    onWarning: ({ code, message }) => logger.warn(message, { destination: id, code }),
    onError,
  });
}

function publishGauges(
  { destination: { id }, log, metrics }: DestinationParts,
  pipeline: Pipeline,
  delivery: Delivery<Passage>,
) {
  const labels = { destination: id };
  metrics.eventsInFlight.set(labels, pipeline.inFlight());
  metrics.backlog.set(labels, log.backlog(id));
  metrics.queueOperations.set(labels, delivery.queued);
  metrics.requestsRunning.set(labels, delivery.running);
}

function observer({ destination: { id }, metrics, logger }: DestinationParts): (attempt: Attempt) => void {
  return ({ endpoint, verdict, status, objects, durationMs, remaining, throttledMs }) => {
    const labels = { destination: id, endpoint };
    const status_class = status === undefined ? 'none' : `${Math.floor(status / 100)}xx`;
    metrics.deliveryAttempts.inc({ ...labels, outcome: verdict.kind, status_class });
    metrics.deliveryDuration.observe(labels, durationMs / 1000);
    metrics.deliveryBatchSize.observe(labels, objects);
    if (remaining !== undefined) metrics.rateLimitRemaining.set(labels, remaining);
    if (throttledMs !== undefined) metrics.throttleWait.observe(labels, throttledMs / 1000);
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

/** Loud when it begins, and when it ends. */
function haltTeller(destination: string, metrics: Metrics, logger: Logger): (halt: Halt | undefined) => void {
  let code: string | undefined;
  return (halt) => {
    if (code !== undefined) metrics.destinationHalted.set({ destination, code }, 0);
    code = halt?.code;
    if (halt) {
      metrics.destinationHalted.set({ destination, code: halt.code }, 1);
      logger.error(`halted, nothing is lost: ${halt.message}`, { destination, code: halt.code });
    } else {
      logger.info('resumed', { destination });
    }
  };
}

async function settledOrAborted(work: Promise<unknown>, deadline: AbortSignal): Promise<void> {
  if (deadline.aborted) return;
  const aborted = Promise.withResolvers<void>();
  const onAbort = () => aborted.resolve();
  deadline.addEventListener('abort', onAbort, { once: true });
  await Promise.race([work, aborted.promise]);
  deadline.removeEventListener('abort', onAbort);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
