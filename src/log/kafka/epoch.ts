/**
 * The times between two deals of a group's partitions. One epoch lasts from a join until its partitions may be
 * another's; ending one waits for the member, and only then the next begins. Nothing of an ended epoch is committed.
 */
import type { Member } from '../log.ts';
import type { PartitionBuffer } from './buffers.ts';
import type { Commits } from './commits.ts';
import type { PartitionPlace } from './signs.ts';

export interface Epoch {
  readonly places: readonly PartitionPlace[];
  /** Fires when nothing of it may be committed any more. */
  readonly lost: AbortSignal;
  /** `preparing`: its progress is asked for. `reading`: the member has it. `ending`: the member lets it end. */
  readonly stage: 'preparing' | 'reading' | 'ending';
  /** By `placeKey`; empty while preparing, as `commits` is missing. */
  readonly buffers: ReadonlyMap<string, PartitionBuffer>;
  readonly commits: Commits | undefined;
}

export interface Epochs {
  readonly current: Epoch | undefined;
  /**
   * A deal has been made: the epoch before is cut off, if it has not ended. Resolves, when the member has let go of it,
   * with the new one; with undefined when another deal or an end has come meanwhile.
   */
  begin(places: readonly PartitionPlace[]): Promise<Epoch | undefined>;
  /** The member may read: `assign` is called. Nothing happens when the epoch has moved on. */
  read(epoch: Epoch, parts: EpochParts): void;
  /** The partitions are about to be dealt anew: the member's grace, then `lost`. Never rejects. */
  end(): Promise<void>;
  /** The partitions are gone: `lost` at once, and no grace. Never rejects. */
  cut(): Promise<void>;
  /** The member leaves by itself: it is not called any more. */
  dismiss(): void;
}

export interface EpochParts {
  readonly buffers: ReadonlyMap<string, PartitionBuffer>;
  readonly commits: Commits;
  /** Of all partitions, above 0 up to 1. */
  readonly share: number;
}

export interface EpochsOptions {
  readonly member: Member;
  /** What the member has for the end of what is under way. */
  readonly revokeMs: number;
  /** No more is to be fetched for it. */
  onEnding(epoch: Epoch): void;
  /** The member has thrown. */
  onFault(error: unknown): void;
}

/** After the grace, for the last commits of what ended in it. */
export const LAST_COMMITS_MS = 5_000;

export function createEpochs(options: EpochsOptions): Epochs {
  return new MemberEpochs(options);
}

class Tenure implements Epoch {
  readonly places: readonly PartitionPlace[];
  readonly gone = new AbortController();
  stage: Epoch['stage'] = 'preparing';
  buffers: ReadonlyMap<string, PartitionBuffer> = new Map();
  commits: Commits | undefined;

  constructor(places: readonly PartitionPlace[]) {
    this.places = places;
  }

  get lost(): AbortSignal {
    return this.gone.signal;
  }
}

class MemberEpochs implements Epochs {
  readonly #options: EpochsOptions;
  #current: Tenure | undefined;
  /** Deals and ends so far: who waited for the member sees whether its turn has passed. */
  #turns = 0;
  #ending: Promise<void> | undefined;
  #grace = new AbortController();
  #isDismissed = false;

  constructor(options: EpochsOptions) {
    this.#options = options;
  }

  get current(): Epoch | undefined {
    return this.#current;
  }

  async begin(places: readonly PartitionPlace[]): Promise<Epoch | undefined> {
    const ended = this.cut();
    const turn = this.#turns;
    await ended;
    if (turn !== this.#turns || this.#isDismissed) return undefined;
    this.#current = new Tenure(places);
    return this.#current;
  }

  read(epoch: Epoch, { buffers, commits, share }: EpochParts): void {
    const current = this.#current;
    if (current !== epoch || current.stage !== 'preparing') return;
    [current.stage, current.buffers, current.commits] = ['reading', buffers, commits];
    try {
      this.#options.member.assign(share);
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  end(): Promise<void> {
    this.#turns += 1;
    const current = this.#current;
    if (current === undefined) return this.#ending ?? Promise.resolve();
    this.#ending ??= this.#close(current).finally(() => {
      this.#ending = undefined;
    });
    return this.#ending;
  }

  cut(): Promise<void> {
    this.#current?.gone.abort();
    const ended = this.end();
    this.#grace.abort();
    return ended;
  }

  dismiss(): void {
    this.#isDismissed = true;
  }

  async #close(epoch: Tenure): Promise<void> {
    const { member, onEnding, onFault } = this.#options;
    const hasRead = epoch.stage === 'reading';
    epoch.stage = 'ending';
    onEnding(epoch);
    this.#grace = new AbortController();
    try {
      if (hasRead && !this.#isDismissed) await this.#inTime(epoch, member.revoke(this.#grace.signal));
    } catch (error) {
      onFault(error);
    }
    epoch.gone.abort();
    if (this.#current === epoch) this.#current = undefined;
  }

  /** It is awaited beyond its time too: what it still sends must not meet what the next owner sends. */
  async #inTime(epoch: Tenure, revoked: Promise<void>): Promise<void> {
    const { revokeMs } = this.#options;
    const grace = setTimeout(() => this.#grace.abort(), revokeMs);
    const last = setTimeout(() => epoch.gone.abort(), revokeMs + LAST_COMMITS_MS);
    try {
      await revoked;
    } finally {
      clearTimeout(grace);
      clearTimeout(last);
    }
  }
}
