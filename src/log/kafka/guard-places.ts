/** The partitions that the guard remembers, each under a number; those of a topic that is made anew get new ones. */
import { type Coverage, createCoverage } from './guard-coverage.ts';
import type { Place } from './record-codec.ts';
import { isAnother, type TopicMark } from './topic-marks.ts';

export interface GuardedPlace extends Place {
  readonly number: number;
  /** What was seen of it. */
  readonly coverage: Coverage;
}

export interface GuardPlaces {
  /** Of the topic that the name stands for now. */
  of(place: Place): GuardedPlace;
  at(number: number): GuardedPlace | undefined;
  /** The name stands for this topic from now on. Null, or the same as before: nothing happens. */
  reads(topic: string, mark: TopicMark | null): void;
  /** Those that names stand for. */
  readonly size: number;
}

export function createGuardPlaces(): GuardPlaces {
  const places: GuardedPlace[] = [];
  const byName = new Map<string, GuardedPlace>();
  const marks = new Map<string, TopicMark>();
  return {
    of({ topic, partition }) {
      const name = `${topic}/${partition}`;
      const known = byName.get(name);
      if (known) return known;
      const place = { topic, partition, number: places.length, coverage: createCoverage() };
      places.push(place);
      byName.set(name, place);
      return place;
    },
    at: (number) => places[number],
    reads(topic, mark) {
      if (mark === null) return;
      // What is remembered of the old one goes when the memory is full.
      if (isAnother(marks.get(topic) ?? null, mark)) {
        for (const [name, place] of byName) if (place.topic === topic) byName.delete(name);
      }
      marks.set(topic, mark);
    },
    get size() {
      return byName.size;
    },
  };
}
