/**
 * The destinations of the running process: opens them, takes over what a configuration changes, lets go of one and takes
 * it on again. One such thing at a time. The log knows a destination before it reads, and forgets one only after it ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ActResult, DestinationState } from '../admin/destinations-routes.ts';
import type { Config, DestinationConfig, SourceConfig } from '../config/config.ts';
import { createSlot, type Slot, type SlotParts } from './slot.ts';
import { createTurns } from './turns.ts';

/** What of a configuration can be taken over while the process runs. */
export interface Served extends Pick<Config, 'sources' | 'destinations'> {
  /**
   * Those that other processes deliver to, which may come later: placed in the log and not opened, so that one of
   * `start: end` does not begin behind what is taken before its first worker.
   */
  readonly placed: readonly DestinationConfig[];
}

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

/** Makes the log know them, and opens those that are not detached; they do not read before `start`. */
export async function openDestinations(served: Served, parts: SlotParts): Promise<Destinations> {
  const crew = new Crew(served.sources, parts);
  await crew.open(served);
  return crew;
}

/** For the commits of what ended by the deadline. */
const LAST_COMMITS_MS = 2_000;

async function behind(deadline: AbortSignal): Promise<void> {
  if (!deadline.aborted) await new Promise((resolve) => deadline.addEventListener('abort', resolve));
  await sleep(LAST_COMMITS_MS, undefined, { ref: false });
}

const GONE = 'destination is gone from the configuration: its place in the log is given up';

class Crew implements Destinations {
  readonly #parts: SlotParts;
  readonly #slots = new Map<string, Slot>();
  readonly #turns = createTurns();
  /** Ends what a change still waits for. */
  readonly #hurry = new AbortController();
  #sources: readonly SourceConfig[];

  constructor(sources: readonly SourceConfig[], parts: SlotParts) {
    this.#sources = sources;
    this.#parts = parts;
  }

  async open({ destinations, placed }: Served): Promise<void> {
    const { log, logger } = this.#parts;
    const removed = await log.attach(startsOf([...destinations, ...placed]));
    for (const id of removed) logger.warn(GONE, { destination: id });
    await this.#add(destinations);
  }

  start(): void {
    for (const slot of this.#slots.values()) slot.begin();
  }

  ids(): readonly string[] {
    return [...this.#slots.values()].flatMap(({ id, isDetached }) => (isDetached ? [] : [id]));
  }

  states(): readonly DestinationState[] {
    return [...this.#slots.values()].map((slot) => slot.state());
  }

  publish(): void {
    for (const slot of this.#slots.values()) slot.publish();
  }

  adopt({ sources, destinations, placed }: Served): Promise<readonly string[]> {
    return this.#turns.take(async () => {
      const isWanted = (id: string) => destinations.some((destination) => destination.id === id);
      const gone = [...this.#slots.keys()].filter((id) => !isWanted(id));
      const added = destinations.filter(({ id }) => !this.#slots.has(id));
      await this.#giveUp(gone, [...destinations, ...placed]);
      this.#sources = sources;
      const changed: string[] = [];
      for (const config of destinations) {
        const change = await this.#slots.get(config.id)?.adopt(config, sources, this.#hurry.signal);
        if (change !== undefined && change !== 'none') changed.push(config.id);
      }
      await this.#add(added);
      for (const { id } of added) this.#slots.get(id)?.begin();
      return [...gone, ...changed, ...added.map(({ id }) => id)];
    });
  }

  detach(id: string): Promise<ActResult> {
    return this.#turns.take(async () => {
      const { log } = this.#parts;
      const slot = this.#slots.get(id);
      if (!slot || slot.isDetached) return { ok: false, reason: slot ? 'already' : 'unknown' };
      // It rejects, and says what to do instead: nothing is held up for that.
      if (!log.detaches) await log.detach(id);
      await slot.drain(this.#hurry.signal);
      const standing = await log.detach(id).catch((error: unknown) => {
        slot.reopen();
        throw error;
      });
      const events = standing?.unsettled ?? 0;
      slot.letGo(events);
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
      if (!slot?.isDetached) return { ok: false, reason: slot ? 'already' : 'unknown' };
      await log.readmit(id);
      // In the tick of the answer: before anything that comes after its new place is counted.
      slot.readmitted();
      await log.attach(startsOf([...this.#slots.values()]));
      slot.takeOn();
      logger.info('destination attached: it is sent what comes from now on', { destination: id });
      return { ok: true, id, events: 0 };
    });
  }

  async drain(deadline: AbortSignal): Promise<void> {
    const hurry = () => this.#hurry.abort();
    if (deadline.aborted) hurry();
    else deadline.addEventListener('abort', hurry, { once: true });
    await this.#turns.close();
    await Promise.all(
      [...this.#slots.values()].map(async (slot) => {
        const drained = slot.drain(deadline);
        // Brokers that do not answer would have it wait for its last commits: without its partitions it has none to make.
        await Promise.race([drained, behind(deadline)]);
        await slot.leave();
        await drained;
      }),
    );
    deadline.removeEventListener('abort', hurry);
  }

  async abort(): Promise<void> {
    this.#hurry.abort();
    await this.#turns.close();
    await Promise.all([...this.#slots.values()].map((slot) => slot.abort()));
  }

  /** Ends those that are gone, then gives up their places; if the log cannot, they go on. */
  async #giveUp(gone: readonly string[], wanted: readonly DestinationConfig[]): Promise<void> {
    const { log, logger, metrics } = this.#parts;
    const slots = [...this.#slots.values()].filter(({ id }) => gone.includes(id));
    await Promise.all(slots.map((slot) => slot.drain(this.#hurry.signal)));
    try {
      const standings = slots.length > 0 ? await log.groups() : [];
      await log.attach(startsOf(wanted));
      for (const slot of slots) {
        const { id } = slot;
        const events = standings.find(({ group }) => group === id)?.unsettled ?? 0;
        slot.letGo(events);
        await slot.leave();
        this.#slots.delete(id);
        metrics.destinationDetached.remove({ destination: id });
        logger.warn(GONE, { destination: id, events });
      }
    } catch (error) {
      for (const slot of slots) if (!slot.isDetached) slot.reopen();
      throw error;
    }
  }

  async #add(destinations: readonly DestinationConfig[]): Promise<void> {
    const { log, logger } = this.#parts;
    const standings = await log.groups();
    for (const config of destinations) {
      const { id } = config;
      const isDetached = standings.some(({ group, detached }) => group === id && detached);
      this.#slots.set(id, createSlot({ config, sources: this.#sources, isDetached }, this.#parts));
      if (isDetached) logger.warn('destination is detached: nothing is sent to it', { destination: id });
    }
  }
}

function startsOf(destinations: readonly Pick<DestinationConfig, 'id' | 'start'>[]) {
  return destinations.map(({ id, start }) => ({ group: id, start }));
}
