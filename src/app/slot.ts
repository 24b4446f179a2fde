/**
 * One destination's place in the running process: its run (pipeline and delivery), or none while it is detached. A run is
 * opened only after the one before has ended: what is under way ends, and what was not settled is read again.
 */
import type { DestinationState } from '../admin/destinations-routes.ts';
import type { DestinationConfig, SourceConfig } from '../config/config.ts';
import { createDestination, type Destination } from '../destination.ts';
import { type Change, changeOf } from './destination-changes.ts';
import type { DestinationParts } from './steps.ts';

export type SlotParts = Omit<DestinationParts, 'destination' | 'sources' | 'again'>;

export interface Slot {
  readonly id: string;
  readonly start: DestinationConfig['start'];
  readonly isDetached: boolean;
  state(): DestinationState;
  /** Brings the metrics up to date. */
  publish(): void;
  /** The run begins to read. */
  begin(): void;
  /** A halted one tries at once: whoever reloads may have mended it elsewhere. */
  adopt(config: DestinationConfig, sources: readonly SourceConfig[], hurry: AbortSignal): Promise<Change>;
  /** The run ends; the slot counts on as it was until one of the next two is called. */
  drain(deadline: AbortSignal): Promise<void>;
  /** After a drain: goes on from what is settled. */
  reopen(): void;
  /** After a drain: so many events are let go of, and what passes by from now on. */
  letGo(events: number): void;
  /** A detached one has its place in the log again: what comes from now on does not pass it by. */
  readmitted(): void;
  /** After that, when the log can be read: it runs again. */
  takeOn(): void;
  abort(): Promise<void>;
}

export interface SlotStart {
  readonly config: DestinationConfig;
  readonly sources: readonly SourceConfig[];
  readonly isDetached: boolean;
}

export function createSlot(first: SlotStart, parts: SlotParts): Slot {
  const { log, metrics } = parts;
  const { id } = first.config;
  const labels = { destination: id };
  let { config, sources } = first;
  /** Events that passed it by since it was detached, as far as they are counted. */
  let passed = 0;
  let isPassedBy = true;
  const create = (again: number) => createDestination({ ...parts, destination: config, sources, again });
  let run: Destination | null = first.isDetached ? null : create(0);

  function publish(): void {
    metrics.destinationDetached.set(labels, run ? 0 : 1);
    run?.publish();
    if (run || !isPassedBy) return;
    const now = log.backlog(id);
    metrics.eventsDetached.inc(labels, now - passed);
    passed = now;
  }

  function reopen(): void {
    run?.publish();
    run = create(run?.state().inFlight ?? 0);
    run.start();
  }

  return {
    id,
    publish,
    reopen,
    get start() {
      return config.start;
    },
    get isDetached() {
      return run === null;
    },
    state: () => run?.state() ?? detachedState(id),
    begin: () => run?.start(),
    async adopt(next, from, hurry) {
      const change = changeOf(config, next);
      [config, sources] = [next, from];
      if (run && (change === 'opened' || run.state().halted)) {
        await run.drain(hurry);
        reopen();
      }
      run?.adopt(config, sources);
      return change;
    },
    drain: async (deadline) => run?.drain(deadline),
    letGo(events) {
      run?.publish();
      run = null;
      [passed, isPassedBy] = [0, true];
      metrics.eventsDetached.inc(labels, events);
      for (const gauge of [
        metrics.eventsInFlight,
        metrics.eventsParked,
        metrics.backlog,
        metrics.queueOperations,
        metrics.requestsRunning,
      ])
        gauge.set(labels, 0);
    },
    readmitted() {
      publish();
      isPassedBy = false;
    },
    takeOn() {
      run = create(0);
      run.start();
    },
    abort: async () => run?.abort(),
  };
}

function detachedState(id: string): DestinationState {
  return { id, state: 'detached', halted: null, backlog: 0, inFlight: 0, parked: 0, requestsRunning: 0 };
}
