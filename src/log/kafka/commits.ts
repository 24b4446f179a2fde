/**
 * Makes progress durable while one assignment lasts: one offset commit at a time, of the partitions that have moved,
 * with the latest progress of each; what comes meanwhile is the next. Nothing is committed after `lost`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../log.ts';
import { encodeProgress, MAX_METADATA_CHARS } from './progress-codec.ts';
import type { KafkaSigns, PartitionPlace } from './signs.ts';
import type { TopicMark } from './topic-marks.ts';

/** One partition's part of an offset commit. */
export interface CommitEntry extends PartitionPlace {
  readonly offset: number;
  readonly metadata: string;
}

/**
 * `lost`: the member does not own its partitions any more, nothing is to be tried again. `too-large`: the broker takes
 * less metadata. `again`: for now.
 */
export type CommitOutcome =
  | { readonly status: 'ok' }
  | { readonly status: 'lost' }
  | { readonly status: 'too-large' }
  | { readonly status: 'again'; readonly reason: string };

export interface Committed {
  readonly progress: Progress;
  /** Offset in the requests partition below which the group has no open note. */
  readonly floor: number;
}

export interface Commits {
  /** Resolves when a commit that holds this progress or a later one is durable, or when the assignment is lost. */
  commit(place: PartitionPlace, progress: Progress, floor: number): Promise<void>;
  /** The latest that is durable; undefined of a partition that is not assigned. */
  committed(place: PartitionPlace): Committed | undefined;
}

export interface CommitsOptions {
  readonly group: string;
  /** What the assignment began with: these partitions, and no others, may be committed. */
  readonly start: ReadonlyMap<string, Committed>;
  /** Which topics they are of, by name; what is missing is not known. */
  readonly marks: ReadonlyMap<string, TopicMark>;
  readonly lost: AbortSignal;
  readonly signs: Pick<KafkaSigns, 'committed' | 'progressCut'>;
  /** Never rejects. */
  send(entries: readonly CommitEntry[]): Promise<CommitOutcome>;
  onWarning(message: string): void;
  /** Resolves after so long, or when the signal fires. */
  rest?(ms: number, signal: AbortSignal): Promise<void>;
}

interface Waiting extends Committed {
  readonly place: PartitionPlace;
  readonly done: (() => void)[];
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** A broker reads on from a connection that is gone for as long as it has something of it: far less than this. */
const CONFIRM_MS = 5_000;
/** Failures in a row after which it is told: some seconds, beyond what a coordinator's move takes. */
const TOLD_AFTER = 6;

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);

export const placeKey = ({ topic, partition }: PartitionPlace): string => `${topic}/${partition}`;

export function createCommits(options: CommitsOptions): Commits {
  return new GroupCommits(options);
}

class GroupCommits implements Commits {
  readonly #options: CommitsOptions;
  readonly #committed: Map<string, Committed>;
  #waiting = new Map<string, Waiting>();
  #inFlight: ReadonlyMap<string, Waiting> = new Map();
  #isRunning = false;
  #maxChars = MAX_METADATA_CHARS;
  #failures = 0;
  /** Of what was sent and not answered: a broker may come to it later, and it would be written over what was sent since. */
  readonly #doubted = new Map<string, PartitionPlace>();

  constructor(options: CommitsOptions) {
    this.#options = options;
    this.#committed = new Map(options.start);
    options.lost.addEventListener('abort', () => this.#giveUp(), { once: true });
  }

  commit(place: PartitionPlace, progress: Progress, floor: number): Promise<void> {
    const { lost, signs, group } = this.#options;
    const key = placeKey(place);
    const before = this.#committed.get(key);
    // Progress that goes back is an earlier reading's: this one began above it.
    if (lost.aborted || before === undefined || progress.watermark < before.progress.watermark) {
      signs.committed(group, 'lost');
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = [...(this.#waiting.get(key)?.done ?? []), resolve];
      this.#waiting.set(key, { place, progress, floor, done });
      if (!this.#isRunning) this.#run();
    });
  }

  committed(place: PartitionPlace): Committed | undefined {
    return this.#committed.get(placeKey(place));
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What is committed in the same turn rides in the same request.
    await Promise.resolve();
    while (this.#waiting.size > 0 && !this.#options.lost.aborted) {
      this.#inFlight = this.#waiting;
      this.#waiting = new Map();
      await this.#write(this.#inFlight);
    }
    this.#isRunning = false;
  }

  async #write(batch: ReadonlyMap<string, Waiting>): Promise<void> {
    const { send, lost, signs, group } = this.#options;
    const outcome = await send([...batch.values()].map((each) => this.#entryOf(each)));
    if (lost.aborted) return;
    this.#inFlight = new Map();
    if (outcome.status === 'ok') this.#succeed(batch);
    else if (outcome.status === 'lost') {
      signs.committed(group, 'lost');
      for (const { done } of batch.values()) for (const resolve of done) resolve();
    } else {
      signs.committed(group, 'failed');
      this.#putBack(batch);
      if (outcome.status === 'too-large') this.#lessMetadata();
      else {
        for (const [key, { place }] of batch) this.#doubted.set(key, place);
        await this.#rest(outcome.reason);
      }
    }
  }

  #entryOf({ place: { topic, partition }, progress, floor }: Waiting): CommitEntry {
    const { metadata, cut } = encodeProgress(progress, floor, {
      maxChars: this.#maxChars,
      mark: this.#options.marks.get(topic) ?? null,
    });
    if (cut > 0) this.#options.signs.progressCut(this.#options.group, cut);
    return { topic, partition, offset: progress.watermark, metadata: this.#maxChars === 0 ? '' : metadata };
  }

  #succeed(batch: ReadonlyMap<string, Waiting>): void {
    this.#failures = 0;
    this.#options.signs.committed(this.#options.group, 'ok');
    for (const [key, { progress, floor, done }] of batch) {
      this.#committed.set(key, { progress, floor });
      for (const resolve of done) resolve();
    }
    if (this.#doubted.size > 0) this.#confirm();
  }

  /** Once more, when a connection that was cut has nothing left that a broker could still read. */
  async #confirm(): Promise<void> {
    const doubted = [...this.#doubted];
    this.#doubted.clear();
    await (this.#options.rest ?? rest)(CONFIRM_MS, this.#options.lost);
    if (this.#options.lost.aborted) return;
    for (const [key, place] of doubted) {
      const known = this.#committed.get(key);
      const isFollowed = this.#waiting.has(key) || this.#inFlight.has(key);
      if (known && !isFollowed) this.#waiting.set(key, { place, ...known, done: [] });
    }
    if (!this.#isRunning) this.#run();
  }

  /** What has come meanwhile is later; whoever waits for the earlier waits for it. */
  #putBack(batch: ReadonlyMap<string, Waiting>): void {
    for (const [key, earlier] of batch) {
      const later = this.#waiting.get(key);
      this.#waiting.set(key, { ...(later ?? earlier), done: [...earlier.done, ...(later?.done ?? [])] });
    }
  }

  #lessMetadata(): void {
    const refused = this.#maxChars;
    this.#maxChars = refused <= 16 ? 0 : Math.floor(refused / 2);
    this.#options.onWarning(
      `the broker refuses offset metadata of ${refused} characters: settled ranges are cut to ${this.#maxChars}, and a crash delivers more events twice. Set the broker's offset.metadata.max.bytes to ${MAX_METADATA_CHARS}`,
    );
  }

  async #rest(reason: string): Promise<void> {
    this.#failures += 1;
    if (this.#failures === TOLD_AFTER) {
      this.#options.onWarning(
        `progress of ${this.#options.group} cannot be committed, still trying: ${reason}`,
      );
    }
    const ms = Math.min(FIRST_RETRY_MS * 2 ** Math.min(this.#failures - 1, 10), MAX_RETRY_MS);
    await (this.#options.rest ?? rest)(ms, this.#options.lost);
  }

  /** Whoever waits has nothing more to wait for: the partitions' next owner reads again what was not committed. */
  #giveUp(): void {
    const given = [...this.#inFlight.values(), ...this.#waiting.values()].flatMap(({ done }) => done);
    [this.#inFlight, this.#waiting] = [new Map(), new Map()];
    if (given.length > 0) this.#options.signs.committed(this.#options.group, 'lost');
    for (const resolve of given) resolve();
  }
}
