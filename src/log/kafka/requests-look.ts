/** Looks back through the noted requests, from the newest on, as far as is asked for and no further than a bound. */
import type { NotedQuery, NotedRequest } from '../request-note.ts';
import type { RangeReader } from './range-reader.ts';
import type { RawMessage } from './record-codec.ts';
import { nameIn, noteIn } from './request-codec.ts';
import type { TopicShape } from './topics.ts';

/** Of a partition's messages the last so many are looked at: 25,000 requests, some 20 MB. */
const LOOK_BACK = 50_000;

const STEP = 2_000;

export interface LookParts {
  readonly reader: Pick<RangeReader, 'read' | 'bounds'>;
  readonly topic: TopicShape;
  readonly signal: AbortSignal;
}

/** Newest first, by their ids. */
export async function lookBack(parts: LookParts, query: NotedQuery): Promise<NotedRequest[]> {
  const found: NotedRequest[] = [];
  for (let partition = 0; partition < parts.topic.partitions; partition += 1) {
    found.push(...(await lookThrough(parts, partition, query)));
  }
  return newest(found, query.limit);
}

async function lookThrough(
  { reader, topic, signal }: LookParts,
  partition: number,
  query: NotedQuery,
): Promise<NotedRequest[]> {
  const { first, end } = await reader.bounds(topic.topic, partition);
  const bound = Math.max(first, end - LOOK_BACK);
  const sight = createSight(query);
  for (let to = end; to > bound && !sight.isEnough(); to -= STEP) {
    const range = { from: Math.max(bound, to - STEP), to };
    for await (const messages of reader.read(topic.topic, partition, range, signal)) sight.take(messages);
    signal.throwIfAborted();
  }
  return newest(sight.found(), query.limit);
}

interface Sight {
  take(messages: readonly RawMessage[]): void;
  isEnough(): boolean;
  found(): NotedRequest[];
}

/** Messages in any order: an end has the note in it, whatever is met first. */
function createSight(query: NotedQuery): Sight {
  const requests = new Map<string, NotedRequest>();
  const before = query.before ?? Number.POSITIVE_INFINITY;
  let firstBegun = Number.POSITIVE_INFINITY;

  function takeOne(message: RawMessage): void {
    const name = nameIn(message);
    if (name === undefined || (query.group ?? name.group) !== name.group) return;
    const key = `${name.group}\0${name.worker}\0${name.id}`;
    if (name.id >= before || requests.get(key)?.end) return;
    const stored = noteIn(message, name);
    if (stored === undefined) return;
    if (stored.end === null) firstBegun = Math.min(firstBegun, name.id);
    const request = { ...stored.note, group: name.group, end: stored.end };
    if (isMeant(request, query)) requests.set(key, request);
  }

  return {
    take(messages) {
      for (const message of messages) takeOne(message);
    },
    /** Requests begin in the order of their ids: none that lies further back entirely is newer than the first begun here. */
    isEnough: () =>
      requests
        .values()
        .filter(({ id }) => id >= firstBegun)
        .toArray().length >= query.limit,
    found: () => [...requests.values()],
  };
}

/** By the lowest and the highest offset, as an index would; who wants to be exact looks at the operations. */
function isMeant({ operations, end }: NotedRequest, { offset, doubtful }: NotedQuery): boolean {
  if (doubtful === true && end?.doubtful !== true) return false;
  if (offset === undefined) return true;
  const offsets = operations.map((operation) => operation.offset);
  return Math.min(...offsets) <= offset && offset <= Math.max(...offsets);
}

function newest(requests: readonly NotedRequest[], limit: number): NotedRequest[] {
  return requests.toSorted((a, b) => b.id - a.id).slice(0, limit);
}
