/**
 * Notes of requests in a topic of their own, in the partition of the records that they are about: with a partition moves
 * what its former owner left under way. Where to look for it, the floor, travels with the group's commits.
 *
 * Weaker than in the embedded log: what is open is found for as long as the topic's retention keeps it.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { LogError } from '../log-error.ts';
import type { RequestLog } from '../request-note.ts';
import type { Outbox } from './outbox.ts';
import type { RangeReader } from './range-reader.ts';
import { createRequestIds, LANES } from './requests-ids.ts';
import { lookBack } from './requests-look.ts';
import { createTenure, type Tenure } from './requests-tenure.ts';
import { type AssignedPlace, lastId } from './requests-unfinished.ts';
import { createPatientWrite } from './requests-write.ts';
import type { TopicShape } from './topics.ts';

export interface KafkaRequestsParts {
  readonly outbox: Pick<Outbox, 'send'>;
  readonly reader: Pick<RangeReader, 'read' | 'bounds'>;
  /** As many partitions as the topic of events: a note stands in the one of its records' number. */
  readonly topic: TopicShape;
  /** ms since the epoch. */
  readonly now: () => number;
  /** What the group's reader in this process has; undefined when it has none here: then all partitions are meant. */
  readonly assigned: (group: string) => readonly AssignedPlace[] | undefined;
}

export interface KafkaRequests extends RequestLog {
  /**
   * What belongs into a commit of the partition: below it the group has no open note. Until `unfinished` has been asked
   * it is the floor that the partition was assigned with.
   */
  floorOf(group: string, partition: number): number;
  /** The group's partitions are no more this process's: nothing is written any more of the notes that are open. */
  forget(group: string): void;
  /** What is still to be written rejects with `LogError` log_closing. */
  close(): void;
}

/** Reads the last ids given out, so that its own are larger; rejects with `LogError` when no broker answers. */
export async function createKafkaRequests(parts: KafkaRequestsParts): Promise<KafkaRequests> {
  const { topic, assigned, outbox } = parts;
  const closing = new AbortController();
  const { signal } = closing;
  const worker = randomBytes(6).toString('base64url');
  const write = createPatientWrite(outbox, topic.topic, signal);
  const ids = createRequestIds(parts.now, randomInt(LANES));
  const tenures = new Map<string, Tenure>();
  const all = Array.from({ length: topic.partitions }, (_, partition) => partition);
  ids.saw(Math.max(...(await Promise.all(all.map((partition) => lastId({ ...parts, signal }, partition))))));

  function tenureOf(group: string): Tenure {
    const known = tenures.get(group);
    if (known !== undefined) return known;
    const tenure = createTenure({ ...parts, signal, group, worker, write, saw: ids.saw });
    tenures.set(group, tenure);
    return tenure;
  }

  return {
    newRequestId: ids.next,
    async note(group, { begun = [], ended = [] }) {
      const tenure = tenureOf(group);
      await Promise.all([...begun.map(tenure.begin), ...ended.map(tenure.end)]);
    },
    async unfinished(group) {
      const places = assigned(group);
      const partitions = places?.map(({ partition }) => partition % topic.partitions) ?? all;
      const tenure = tenureOf(group);
      const found = await Promise.all([...new Set(partitions)].map((each) => tenure.takeOver(each, places)));
      return found.flat().sort((a, b) => a.id - b.id);
    },
    requests: (query) => lookBack({ ...parts, signal }, query),
    floorOf(group, partition) {
      const known = tenures.get(group)?.floorOf(partition % topic.partitions);
      const given = assigned(group)?.filter((place) => place.partition === partition) ?? [];
      return known ?? (given.length > 0 ? Math.min(...given.map(({ floor }) => floor)) : 0);
    },
    forget(group) {
      tenures.get(group)?.forget();
      tenures.delete(group);
    },
    close: () => closing.abort(new LogError('log_closing', 'the log is closing')),
  };
}
