/** Cuts a chunk into what goes into the log together: bounded, in order, and parsed no sooner than it is needed. */
import type { AppendRecord, Chunk, Progress } from '../log/log.ts';
import type { DeadLetter } from '../model/dead-letter.ts';
import type { Subscription } from '../model/subscription.ts';
import type { IntakeLimits } from './limits.ts';
import type { Take, Taken } from './take.ts';

/** Consecutive records of one partition, as far as their events fill an append. */
export interface Piece {
  readonly source: string;
  readonly topic: string;
  readonly partition: number;
  /** Records of the topic that it was made of. */
  readonly messages: number;
  readonly records: readonly AppendRecord[];
  /** `topic/partition/offset` that each of them comes from. */
  readonly positions: readonly string[];
  readonly letters: readonly DeadLetter[];
  /** One for each letter. */
  readonly rejections: Taken['rejections'];
  readonly tombstones: number;
  /** What may be committed once it is in the log. */
  readonly progress: Progress;
}

interface Filling {
  readonly records: AppendRecord[];
  readonly positions: string[];
  readonly letters: DeadLetter[];
  readonly rejections: Taken['rejections'][number][];
  messages: number;
  tombstones: number;
}

export function* piecesOf(
  chunk: Chunk,
  { source, format }: Subscription,
  take: Take,
  limits: IntakeLimits,
): Generator<Piece, void> {
  const { topic, partition } = chunk;
  let filling = empty();
  let bytes = 0;
  for (let index = 0; index < chunk.count; index += 1) {
    const record = chunk.record(index);
    add(filling, take(record, format));
    bytes += record.value.byteLength;
    const isFull = filling.records.length >= limits.maxAppendEvents || bytes >= limits.maxAppendBytes;
    if (!isFull && index < chunk.count - 1) continue;
    yield { source, topic, partition, ...filling, progress: progressBehind(chunk, record.offset) };
    [filling, bytes] = [empty(), 0];
  }
}

function empty(): Filling {
  return { records: [], positions: [], letters: [], rejections: [], messages: 0, tombstones: 0 };
}

function add(filling: Filling, taken: Taken): void {
  // Not spread into push: a record may hold thousands of events.
  for (const record of taken.records) {
    filling.records.push(record);
    filling.positions.push(taken.position);
  }
  for (const letter of taken.letters) filling.letters.push(letter);
  for (const rejection of taken.rejections) filling.rejections.push(rejection);
  filling.messages += 1;
  filling.tombstones += taken.tombstones;
}

/** Everything is done in order; what was settled above it by somebody else stays so. */
function progressBehind({ resumed }: Chunk, offset: number): Progress {
  const watermark = offset + 1;
  const above = resumed.settled.filter(({ to }) => to > watermark);
  const [first, ...rest] = above;
  if (first === undefined || first.from > watermark) return { watermark, settled: above };
  return { watermark: first.to, settled: rest };
}
