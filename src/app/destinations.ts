/**
 * The destinations of the running process: opens them, takes over what a configuration changes, lets go of one and takes
 * it on again. One such thing at a time.
 *
 * Rules:
 * - a destination has a run (pipeline and delivery), or is detached and has none
 * - a run is opened only after the one before has ended: what is under way ends, what was not settled is read again
 * - the log knows a destination before its run reads, and forgets one only after its run has ended
 */
import type { ActResult, DestinationState } from '../admin/destinations-routes.ts';
import type { Config, DestinationConfig, SourceConfig } from '../config/config.ts';
import { createDestination, type Destination, type DestinationParts } from '../destination.ts';
import { changeOf } from './destination-changes.ts';
import { createTurns } from './turns.ts';

/** What of a configuration can be taken over while the process runs. */
export type Served = Pick<Config, 'sources' | 'destinations'>;

export interface Destinations {
  start(): void;
  /** Ids of those that are not detached. */
  ids(): readonly string[];
  states(): readonly DestinationState[];
  /** Brings the metrics up to date. */
  publish(): void;
  /** Resolves with the ids of those that are new, gone or changed. Rejects with `LogError`: nothing is changed then. */
  adopt(served: Served): Promise<readonly string[]>;
  detach(id: string): Promise<ActResult>;
  attach(id: string): Promise<ActResult>;
  /** Reads nothing more and finishes what is under way, until the deadline aborts. */
  drain(deadline: AbortSignal): Promise<void>;
  abort(): Promise<void>;
}

export type DestinationsParts = Omit<DestinationParts, 'destination' | 'sources' | 'again'>;

interface Slot {
  readonly config: DestinationConfig;
  /** null: detached. */
  run: Destination | null;
  /** Events that passed it by since it was detached, as far as they are counted. */
  passed: number;
}

/** Makes the log know them, and opens those that are not detached; they do not read before `start`. */
export async function openDestinations(served: Served, parts: DestinationsParts): Promise<Destinations> {
  const crew = new Crew(served.sources, parts);
  await crew.open(served.destinations);
  return crew;
}

class Crew implements Destinations {
  readonly #parts: DestinationsParts;
  readonly #slots = new Map<string, Slot>();
  readonly #turns = createTurns();
  /** Ends what a change still waits for. */
  readonly #hurry = new AbortController();
  #sources: readonly SourceConfig[];

  constructor(sources: readonly SourceConfig[], parts: DestinationsParts) {
    this.#sources = sources;
    this.#parts = parts;
  }

  async open(destinations: readonly DestinationConfig[]): Promise<void> {
    const { log, logger } = this.#parts;
    const removed = await log.attach(startsOf(destinations));
    for (const id of removed) {
      logger.warn(GONE, { destination: id });
    }
    await this.#addAll(destinations);
  }

  start(): void {
    for (const { run } of this.#slots.values()) run?.start();
  }

  ids(): readonly string[] {
    return [...this.#slots.values()].flatMap(({ config, run }) => (run ? [config.id] : []));
  }

  states(): readonly DestinationState[] {
    return [...this.#slots.values()].map(({ config, run }) => run?.state() ?? detachedState(config.id));
  }

  publish(): void {
    const { log, metrics } = this.#parts;
    for (const [id, slot] of this.#slots) {
      metrics.destinationDetached.set({ destination: id }, slot.run ? 0 : 1);
      slot.run?.publish();
      if (slot.run) continue;
      const passed = log.backlog(id);
      metrics.eventsDetached.inc({ destination: id }, passed - slot.passed);
      slot.passed = passed;
    }
  }

  adopt(served: Served): Promise<readonly string[]> {
    return this.#turns.take(async () => {
      const isGone = (id: string) => !served.destinations.some((destination) => destination.id === id);
      const gone = [...this.#slots.keys()].filter(isGone);
      await this.#giveUp(gone, served.destinations);
      this.#sources = served.sources;
      const known = served.destinations.filter(({ id }) => this.#slots.has(id));
      const added = served.destinations.filter(({ id }) => !this.#slots.has(id));
      const changed: string[] = [];
      for (const destination of known) if (await this.#change(destination)) changed.push(destination.id);
      await this.#addAll(added);
      for (const { id } of added) this.#slots.get(id)?.run?.start();
      return [...gone, ...changed, ...added.map(({ id }) => id)];
    });
  }

  detach(id: string): Promise<ActResult> {
    return this.#turns.take(async () => {
      const slot = this.#slots.get(id);
      if (!slot?.run) return { ok: false, reason: slot ? 'already' : 'unknown' };
      await slot.run.drain(this.#hurry.signal);
      const standing = await this.#parts.log.detach(id).catch((error: unknown) => {
        this.#reopen(slot, slot.config);
        throw error;
      });
      const events = standing?.unsettled ?? 0;
      this.#close(id, slot, events);
      this.#parts.logger.warn('destination detached: these events are not delivered to it', {
        code: 'destination_detached',
        destination: id,
        events,
      });
      return { ok: true, id, events };
    });
  }

  attach(id: string): Promise<ActResult> {
    return this.#turns.take(async () => {
      const { log, logger } = this.#parts;
      const slot = this.#slots.get(id);
      if (!slot || slot.run) return { ok: false, reason: slot ? 'already' : 'unknown' };
      this.publish();
      await log.readmit(id);
      await log.attach(startsOf([...this.#slots.values()].map(({ config }) => config)));
      slot.run = this.#create(slot.config, 0);
      slot.run.start();
      logger.info('destination attached: it is sent what comes from now on', { destination: id });
      return { ok: true, id, events: 0 };
    });
  }

  async drain(deadline: AbortSignal): Promise<void> {
    const hurry = () => this.#hurry.abort();
    if (deadline.aborted) hurry();
    else deadline.addEventListener('abort', hurry, { once: true });
    await this.#turns.close();
    await Promise.all([...this.#slots.values()].map(({ run }) => run?.drain(deadline)));
    deadline.removeEventListener('abort', hurry);
  }

  async abort(): Promise<void> {
    this.#hurry.abort();
    await this.#turns.close();
    await Promise.all([...this.#slots.values()].map(({ run }) => run?.abort()));
  }

  /** Ends the runs of those that are gone, then gives up their places; if the log cannot, they go on. */
  async #giveUp(gone: readonly string[], wanted: readonly DestinationConfig[]): Promise<void> {
    const { log, logger } = this.#parts;
    const slots = [...this.#slots].filter(([id]) => gone.includes(id));
    await Promise.all(slots.map(([, { run }]) => run?.drain(this.#hurry.signal)));
    try {
      const standings = slots.length > 0 ? await log.groups() : [];
      await log.attach(startsOf(wanted));
      for (const [id, slot] of slots) {
        const events = standings.find(({ group }) => group === id)?.unsettled ?? 0;
        this.#close(id, slot, events);
        this.#slots.delete(id);
        this.#parts.metrics.destinationDetached.remove({ destination: id });
        logger.warn(GONE, { destination: id, events });
      }
    } catch (error) {
      for (const [, slot] of slots) if (slot.run) this.#reopen(slot, slot.config);
      throw error;
    }
  }

  /** A halted one tries at once: whoever reloads may have mended it elsewhere. */
  async #change(config: DestinationConfig): Promise<boolean> {
    const slot = this.#slots.get(config.id);
    const change = slot ? changeOf(slot.config, config) : 'none';
    if (!slot?.run) {
      if (slot) this.#slots.set(config.id, { ...slot, config });
      return change !== 'none';
    }
    const next = { ...slot, config };
    if (change === 'opened' || slot.run.state().halted) {
      await slot.run.drain(this.#hurry.signal);
      this.#reopen(next, config);
    } else {
      slot.run.adopt(config, this.#sources);
    }
    this.#slots.set(config.id, next);
    return change !== 'none';
  }

  async #addAll(destinations: readonly DestinationConfig[]): Promise<void> {
    const detached = new Set(
      (await this.#parts.log.groups()).filter((each) => each.detached).map(({ group }) => group),
    );
    for (const config of destinations) {
      const run = detached.has(config.id) ? null : this.#create(config, 0);
      this.#slots.set(config.id, { config, run, passed: 0 });
      if (!run)
        this.#parts.logger.warn('destination is detached: nothing is sent to it', { destination: config.id });
    }
  }

  #create(destination: DestinationConfig, again: number): Destination {
    return createDestination({ ...this.#parts, destination, sources: this.#sources, again });
  }

  /** The run before has ended. */
  #reopen(slot: Slot, config: DestinationConfig): void {
    slot.run?.publish();
    slot.run = this.#create(config, slot.run?.state().inFlight ?? 0);
    slot.run.start();
  }

  /** In one turn: what was in flight or behind is counted as let go. */
  #close(id: string, slot: Slot, events: number): void {
    const { metrics } = this.#parts;
    slot.run?.publish();
    slot.run = null;
    slot.passed = 0;
    metrics.eventsDetached.inc({ destination: id }, events);
    for (const gauge of [
      metrics.eventsInFlight,
      metrics.backlog,
      metrics.queueOperations,
      metrics.requestsRunning,
    ])
      gauge.set({ destination: id }, 0);
  }
}

const GONE = 'destination is gone from the configuration: its place in the log is given up';

function startsOf(destinations: readonly DestinationConfig[]) {
  return destinations.map(({ id, start }) => ({ group: id, start }));
}

function detachedState(id: string): DestinationState {
  return { id, state: 'detached', halted: null, backlog: 0, inFlight: 0, parked: 0, requestsRunning: 0 };
}
