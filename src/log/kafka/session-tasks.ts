/**
 * What a session has to get on with: to join, to begin to read what it was dealt, to fetch each partition, to let go. It
 * is behind only with what its own client is given when it asks for it: brokers that are away, a quota, a batch of which
 * compaction left nothing hold up whoever asks.
 */
import type { PartitionBuffer } from './buffers.ts';
import { placeKey } from './commits.ts';
import type { Epoch, Epochs } from './epoch.ts';
import type { GroupOffsets, PartitionBounds } from './session-offsets.ts';
import type { PartitionPlace } from './signs.ts';
import type { Task } from './watchdog.ts';

export interface SessionTasksOptions {
  readonly groupId: string;
  readonly epochs: Pick<Epochs, 'current'>;
  readonly offsets: Pick<GroupOffsets, 'bounds' | 'stored' | 'gives'>;
  /** The topics subscribed to. */
  topics(): readonly string[];
  /** Counts what the session has done: joins, commits, what was fetched. */
  steps(): number;
  /** Counts what getting ready for new partitions has done. */
  prepared(): number;
}

/** A place that was committed, of none the first record that is held. */
type Position = PartitionPlace & { readonly at: number; readonly end: number };

export function createSessionTasks(options: SessionTasksOptions): () => readonly Task[] {
  const { epochs, offsets, groupId } = options;

  /** Each look asks once. */
  function createBounds(): (topic: string) => Promise<readonly PartitionBounds[]> {
    const asked = new Map<string, Promise<readonly PartitionBounds[]>>();
    return (topic) => {
      const bounds = asked.get(topic) ?? offsets.bounds(topic);
      asked.set(topic, bounds);
      return bounds;
    };
  }

  async function firstUnread(positions: readonly Position[]): Promise<string | undefined> {
    for (const position of positions) {
      const { at, end } = position;
      if (at < end && (await offsets.gives(position, at))) {
        return `${placeKey(position)} ends at ${end} and stands at ${at}`;
      }
    }
    return undefined;
  }

  function fetching(epoch: Epoch, buffer: PartitionBuffer, bounds: ReturnType<typeof createBounds>): Task {
    const isOurs = () => epochs.current === epoch && epoch.stage === 'reading' && buffer.isEmpty;
    return {
      name: placeKey(buffer),
      mark: () => (isOurs() ? buffer.position : undefined),
      async behind() {
        const held = (await bounds(buffer.topic)).find(({ partition }) => partition === buffer.partition);
        return held && firstUnread([{ ...placeOf(buffer), at: buffer.position, end: held.end }]);
      },
    };
  }

  /** @param places undefined: all partitions of the topics */
  function beginning(name: string, epoch: Epoch | undefined, places?: readonly PartitionPlace[]): Task {
    const isStill = () => epochs.current === epoch && epoch?.stage !== 'reading';
    return {
      name,
      mark: () => (isStill() ? `${options.steps()} ${options.prepared()}` : undefined),
      async behind() {
        const why = await firstUnread(await committed(places));
        return why && `${name}, and ${why}`;
      },
    };
  }

  async function committed(places?: readonly PartitionPlace[]): Promise<readonly Position[]> {
    const all = await Promise.all(
      options
        .topics()
        .map(async (topic) => (await offsets.bounds(topic)).map((bounds) => ({ topic, ...bounds }))),
    );
    const wanted = places && new Set(places.map(placeKey));
    const held = all.flat().filter((place) => wanted?.has(placeKey(place)) ?? true);
    const stored = await offsets.stored(groupId, held);
    return held.map((place) => ({
      ...place,
      at: Math.max(place.first, stored.get(placeKey(place))?.offset ?? 0),
    }));
  }

  return () => {
    const { current } = epochs;
    const bounds = createBounds();
    if (current === undefined) {
      const isToJoin = options.topics().length > 0;
      return isToJoin ? [known(beginning('it has not joined the group', undefined))] : [];
    }
    const { places, stage, buffers } = current;
    if (stage === 'reading') {
      const idle = [...buffers.values()].filter((buffer) => buffer.isEmpty);
      return idle.map((buffer) => known(fetching(current, buffer, bounds)));
    }
    if (stage === 'ending') {
      const why = 'its member does not let go of its partitions';
      return [{ name: why, mark: options.steps, behind: async () => why }];
    }
    return places.length === 0
      ? []
      : [known(beginning('it has partitions and has not begun to read', current, places))];
  };
}

/** What the brokers do not answer is not known. */
function known(task: Task): Task {
  return { ...task, behind: () => task.behind().catch(() => undefined) };
}

const placeOf = ({ topic, partition }: PartitionPlace): PartitionPlace => ({ topic, partition });
