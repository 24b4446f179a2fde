/**
 * One destination's place in the running process: its run (pipeline and delivery), or none while it is detached. A run is
 * opened only after the one before has ended: what is under way ends, and what was not settled is read again. So it is
 * after a change of settings, and when the log deals its partitions out anew.
 */
import type { DestinationState } from '../admin/destinations-routes.ts';
import type { DestinationConfig, SourceConfig } from '../config/config.ts';
import { createDestination, type Destination } from '../destination.ts';
import type { Membership } from '../log/log.ts';
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
  /** Takes part in reading the log: the run begins when it has something to read. */
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
  /** After a drain, when the process ends: others may read what it read. */
  leave(): Promise<void>;
  abort(): Promise<void>;
}

export interface SlotStart {
  readonly config: DestinationConfig;
  readonly sources: readonly SourceConfig[];
  readonly isDetached: boolean;
}

export function createSlot(first: SlotStart, parts: SlotParts): Slot {
  return new DestinationSlot(first, parts);
}

class DestinationSlot implements Slot {
  readonly id: string;
  readonly #parts: SlotParts;
  readonly #labels: { readonly destination: string };
  #config: DestinationConfig;
  #sources: readonly SourceConfig[];
  #isDetached: boolean;
  /** Its part of the log's partitions; undefined while it has none to read. */
  #share: number | undefined;
  #membership: Membership | undefined;
  /** None while it is detached, or between two deals. */
  #run: Destination | null;
  /** The one that was drained from here last, until another is opened. */
  #drained: Destination | null = null;
  /** It was made for a whole log and has not begun. */
  #isFresh = true;
  /** Events that passed it by since it was detached, as far as they are counted. */
  #passed = 0;
  #isPassedBy = true;

  constructor({ config, sources, isDetached }: SlotStart, parts: SlotParts) {
    this.id = config.id;
    this.#parts = parts;
    this.#labels = { destination: config.id };
    this.#config = config;
    this.#sources = sources;
    this.#isDetached = isDetached;
    this.#run = isDetached ? null : this.#create(0);
  }

  get start(): DestinationConfig['start'] {
    return this.#config.start;
  }

  get isDetached(): boolean {
    return this.#isDetached;
  }

  state(): DestinationState {
    return this.#run?.state() ?? idleState(this.id, this.#isDetached ? 'detached' : 'running');
  }

  publish(): void {
    const { metrics, log } = this.#parts;
    metrics.destinationDetached.set(this.#labels, this.#isDetached ? 1 : 0);
    this.#run?.publish();
    if (!this.#isDetached || !this.#isPassedBy) return;
    const now = log.backlog(this.id);
    metrics.eventsDetached.inc(this.#labels, now - this.#passed);
    this.#passed = now;
  }

  begin(): void {
    if (this.#isDetached) return;
    this.#membership ??= this.#parts.log.join(this.id, {
      assign: (share) => this.#assign(share),
      revoke: (deadline) => this.#revoke(deadline),
    });
  }

  async adopt(next: DestinationConfig, from: readonly SourceConfig[], hurry: AbortSignal): Promise<Change> {
    const change = changeOf(this.#config, next);
    [this.#config, this.#sources] = [next, from];
    const run = this.#run;
    if (run && (change === 'opened' || run.state().halted)) {
      await run.drain(hurry);
      // Where the log has dealt anew meanwhile, what there is now has the new settings already.
      if (this.#run === run) this.#goOn();
    }
    this.#run?.adopt(this.#config, this.#sources);
    return change;
  }

  async drain(deadline: AbortSignal): Promise<void> {
    // The log may deal anew meanwhile: what has begun by then is drained too.
    for (let run = this.#run; run && run !== this.#drained; run = this.#run) {
      await run.drain(deadline);
      this.#drained = run;
    }
  }

  reopen(): void {
    if (this.#run === null || this.#run === this.#drained) this.#goOn();
  }

  letGo(events: number): void {
    this.#run?.publish();
    // Dealt since the drain: two runs of one destination would mix up a person's order.
    if (this.#run !== this.#drained) this.#run?.abort();
    this.#run = null;
    this.#isDetached = true;
    [this.#passed, this.#isPassedBy] = [0, true];
    this.#parts.metrics.eventsDetached.inc(this.#labels, events);
    this.#clearGauges();
  }

  readmitted(): void {
    this.publish();
    this.#isPassedBy = false;
  }

  takeOn(): void {
    this.#isDetached = false;
    this.#open(0);
    // It has its membership where it was detached in this process.
    this.begin();
  }

  async leave(): Promise<void> {
    await this.#membership?.leave();
    [this.#membership, this.#share] = [undefined, undefined];
  }

  async abort(): Promise<void> {
    await this.#run?.abort();
    await this.leave();
  }

  #create(again: number): Destination {
    const [destination, sources, share] = [this.#config, this.#sources, this.#share ?? 1];
    return createDestination({ ...this.#parts, destination, sources, again, share });
  }

  #goOn(): void {
    this.#run?.publish();
    this.#open(this.#run?.state().inFlight ?? 0);
  }

  #open(again: number): void {
    this.#run = this.#create(again);
    this.#drained = null;
    if (this.#share !== undefined) this.#run.start();
  }

  #assign(share: number): void {
    this.#share = share;
    if (this.#isDetached) return;
    if (this.#isFresh && share === 1) this.#run?.start();
    else {
      this.#run?.abort();
      this.#open(0);
    }
    this.#isFresh = false;
  }

  /** What is not settled by the deadline is read by whoever has the partition next: it is not in flight here. */
  async #revoke(deadline: AbortSignal): Promise<void> {
    this.#share = undefined;
    const run = this.#run;
    await run?.drain(deadline);
    if (!run || this.#run !== run) return;
    this.#parts.metrics.eventsHandedBack.inc(this.#labels, run.state().inFlight);
    run.publish();
    this.#run = null;
    this.#clearGauges();
  }

  #clearGauges(): void {
    const { metrics } = this.#parts;
    for (const gauge of [
      metrics.eventsInFlight,
      metrics.eventsParked,
      metrics.backlog,
      metrics.queueOperations,
      metrics.requestsRunning,
    ])
      gauge.set(this.#labels, 0);
  }
}

function idleState(id: string, state: DestinationState['state']): DestinationState {
  return { id, state, halted: null, backlog: 0, inFlight: 0, parked: 0, requestsRunning: 0 };
}
