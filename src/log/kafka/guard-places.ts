/**
 * The partitions that the guard remembers, each under a number. A topic that is made anew is another one, though its name is
 * the same: groups of a process may read the old and the new one side by side, until all of them have found out.
 */
import { type Coverage, createCoverage } from './guard-coverage.ts';
import type { Place } from './record-codec.ts';
import type { TopicMark } from './topic-marks.ts';

export interface GuardedPlace extends Place {
  readonly number: number;
  /** What was seen of it. */
  readonly coverage: Coverage;
}

export interface GuardPlaces {
  /** Of the topic that the mark stands for; of the newest one of that name when it is null. */
  of(place: Place, mark: TopicMark | null): GuardedPlace;
  at(number: number): GuardedPlace | undefined;
  /** Those of the newest topic of each name. */
  readonly size: number;
}

interface Topic {
  /** Null: the brokers have not said. */
  readonly mark: TopicMark | null;
  /** By number. */
  readonly partitions: Map<number, GuardedPlace>;
}

/** Of one name: the newest, and the one before, which some group may still read. */
const MAX_OF_A_NAME = 2;

export function createGuardPlaces(): GuardPlaces {
  const places: GuardedPlace[] = [];
  /** By name, the newest first. */
  const topics = new Map<string, Topic[]>();

  function topicOf(name: string, mark: TopicMark | null): Topic {
    const known = topics.get(name) ?? [];
    const found = mark === null ? known[0] : known.find((each) => isSame(each.mark, mark));
    if (found) return found;
    const topic = { mark, partitions: new Map<number, GuardedPlace>() };
    // What is remembered of one that goes is dropped when the memory is full.
    topics.set(name, [topic, ...known].slice(0, MAX_OF_A_NAME));
    return topic;
  }

  return {
    of({ topic, partition }, mark) {
      const { partitions } = topicOf(topic, mark);
      const known = partitions.get(partition);
      if (known) return known;
      const place = { topic, partition, number: places.length, coverage: createCoverage() };
      places.push(place);
      partitions.set(partition, place);
      return place;
    },
    at: (number) => places[number],
    get size() {
      return [...topics.values()].reduce((sum, [newest]) => sum + (newest?.partitions.size ?? 0), 0);
    },
  };
}

function isSame(one: TopicMark | null, two: TopicMark): boolean {
  return one !== null && one.topic === two.topic && one.cluster === two.cluster;
}
