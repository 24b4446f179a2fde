/** What a session looks after by itself, once a second: trailing gaps, whether it gets on, and topics that were made anew. */
import type { Epoch, Epochs } from './epoch.ts';
import type { Intake } from './session-intake.ts';
import type { GroupOffsets } from './session-offsets.ts';
import { isAnother, type TopicMark } from './topic-marks.ts';
import type { Watchdog } from './watchdog.ts';

export interface SessionWatch {
  /** An epoch begins to read these topics. */
  reads(marks: ReadonlyMap<string, TopicMark>): void;
  close(): void;
}

export interface SessionWatchOptions {
  readonly groupId: string;
  readonly epochs: Pick<Epochs, 'current'>;
  readonly offsets: Pick<GroupOffsets, 'marks'>;
  readonly watchdog: Watchdog;
  readonly intake: Pick<Intake, 'look'>;
  readonly subscription: { look(): Promise<void>; again(): Promise<void> };
  /** A topic that was made anew is found within it. Default: 30 s. */
  readonly metadataMs?: number;
  now(): number;
  onFault(error: unknown): void;
  onWarning(message: string): void;
}

const LOOK_MS = 1_000;
/** As often as new partitions are looked for. */
const METADATA_MS = 30_000;

export function createSessionWatch(options: SessionWatchOptions): SessionWatch {
  const { groupId, epochs, offsets, subscription, metadataMs = METADATA_MS } = options;
  const { now, onFault, onWarning } = options;
  let marks: ReadonlyMap<string, TopicMark> = new Map();
  let askedAt = now();

  /** Joined anew, it finds that what is committed is of the old topic, and begins at the first record of the new one. */
  async function lookAtTopics(): Promise<void> {
    const { current } = epochs;
    if (current?.stage !== 'reading' || marks.size === 0 || now() - askedAt < metadataMs) return;
    askedAt = now();
    const found = await offsets.marks(groupId, [...marks.keys()]).catch(() => new Map<string, TopicMark>());
    const isAnew = ([topic, mark]: [string, TopicMark]) => isAnother(found.get(topic) ?? null, mark);
    const anew = [...marks].filter(isAnew).map(([topic]) => topic);
    if (anew.length === 0 || epochs.current !== current) return;
    onWarning(`${groupId}: ${anew.join(', ')} was deleted and made anew while it was read. It joins again`);
    await subscription.again();
  }

  const looks: readonly (() => unknown)[] = [
    () => options.watchdog.look(),
    () => subscription.look(),
    lookAtTopics,
    () => options.intake.look(),
    () => epochs.current && commitGaps(epochs.current),
  ];
  /** Each by itself, and nothing gets out: thrown from a timer it would end the process without an end of its runs. */
  async function guarded(look: () => unknown): Promise<void> {
    try {
      await look();
    } catch (error) {
      onFault(error);
    }
  }
  const looking = setInterval(() => {
    for (const look of looks) guarded(look);
  }, LOOK_MS);
  looking.unref();

  return {
    reads(next) {
      marks = next;
    },
    close: () => clearInterval(looking),
  };
}

/** What lies behind the last record is nobody's: without it a partition that ends with a marker would never be done. */
function commitGaps({ stage, buffers, commits }: Epoch): void {
  if (stage !== 'reading' || commits === undefined) return;
  for (const buffer of buffers.values()) {
    const known = commits.committed(buffer);
    if (known === undefined) continue;
    const progress = buffer.overGaps(known.progress);
    if (progress !== known.progress) commits.commit(buffer, progress, known.floor);
  }
}
