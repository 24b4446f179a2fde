/** One destination at work: it starts, takes new settings, tells how it stands, and ends. */
import type { DestinationState } from './admin/destinations-routes.ts';
import { buildSteps, type DestinationParts, planOf } from './app/steps.ts';
import type { DestinationConfig, SourceConfig } from './config/config.ts';
import type { Delivery } from './delivery/delivery.ts';
import type { Passage } from './pipeline/passage.ts';

export interface Destination {
  start(): void;
  /** Reads nothing more and finishes what is under way, until the deadline aborts. */
  drain(deadline: AbortSignal): Promise<void>;
  abort(): Promise<void>;
  /** The key and what is decided per event are these from now on; what has been planned stays as it is. */
  adopt(destination: DestinationConfig, sources: readonly SourceConfig[]): void;
  /** Brings the metrics up to date. */
  publish(): void;
  state(): DestinationState;
}

export function createDestination(parts: DestinationParts): Destination {
  const { destination, log } = parts;
  const reading = new AbortController();
  const stopping = new AbortController();
  const onError = (error: unknown) => {
    if (!stopping.signal.aborted) parts.onFatal(asError(error));
  };
  const steps = buildSteps(parts, stopping.signal, onError);
  const { pipeline, delivery, tally, plan, key } = steps;
  const inFlight = () => pipeline.inFlight() + tally.toCome();
  const unaccounted = () => (parts.again ?? 0) + tally.unfinished() - inFlight();
  let running: Promise<void> = Promise.resolve();
  const abort = async () => {
    reading.abort();
    stopping.abort();
    steps.stop();
    await running;
    steps.memory.close();
  };
  return {
    start() {
      running = pipeline.run(delivery, reading.signal).catch(onError);
    },
    async drain(deadline) {
      reading.abort();
      const isDone = await endedBefore(deadline, Promise.all([delivery.drain(), running]));
      // What waited to be tried again is not under way: nobody need wonder later what became of it.
      if (isDone) await endedBefore(deadline, steps.journal.release());
      await abort();
    },
    abort,
    adopt(next, sources) {
      key.read = next.readRestApiKey;
      Object.assign(plan, planOf(next, sources));
    },
    publish() {
      tally.publish();
      const counts = { inFlight: inFlight(), parked: pipeline.parked(), unaccounted: unaccounted() };
      publishGauges(parts, counts, delivery);
    },
    state: () => ({
      id: destination.id,
      state: delivery.halted ? 'halted' : 'running',
      halted: delivery.halted ? { code: delivery.halted.code, message: delivery.halted.message } : null,
      backlog: log.backlog(destination.id),
      inFlight: inFlight(),
      parked: pipeline.parked(),
      requestsRunning: delivery.running,
    }),
  };
}

function publishGauges(
  { destination: { id }, log, metrics }: DestinationParts,
  { inFlight, parked, unaccounted }: { inFlight: number; parked: number; unaccounted: number },
  delivery: Delivery<Passage>,
) {
  const labels = { destination: id };
  metrics.eventsInFlight.set(labels, inFlight);
  metrics.eventsParked.set(labels, parked);
  metrics.eventsUnaccounted.set(labels, unaccounted);
  metrics.backlog.set(labels, log.backlog(id));
  metrics.queueOperations.set(labels, delivery.queued);
  metrics.requestsRunning.set(labels, delivery.running);
}

/** Whether the work ended, and not the time for it. */
async function endedBefore(deadline: AbortSignal, work: Promise<unknown>): Promise<boolean> {
  if (deadline.aborted) return false;
  const aborted = Promise.withResolvers<false>();
  const onAbort = () => aborted.resolve(false);
  deadline.addEventListener('abort', onAbort, { once: true });
  const isDone = await Promise.race([work.then(() => true), aborted.promise]);
  deadline.removeEventListener('abort', onAbort);
  return isDone;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
