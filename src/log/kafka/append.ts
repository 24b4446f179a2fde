/**
 * Appends events to Kafka: each record to the partition of its key, a link of two identities also where the one that goes
 * has its events. All of a call is durable when it resolves. When it rejects, some of it may be: the sender repeats it,
 * and the guard drops what is there twice when it is read.
 */
import type { DeadLetter } from '../../model/dead-letter.ts';
import { EVENTS_TOPIC } from '../../model/record.ts';
import { type AppendRecord, type AppendResult, LogError } from '../log.ts';
import type { Outbox } from './outbox.ts';
import { bytesOf, checkFits } from './outbox-size.ts';
import { partitionOf } from './partitioner.ts';
import { messageOf, type OutMessage } from './record-codec.ts';

export interface AppendParts {
  readonly outbox: Pick<Outbox, 'send'>;
  /** Where `EVENTS_TOPIC` is, by whatever name. */
  readonly events: { readonly topic: string; readonly partitions: number; readonly maxMessageBytes: number };
  readonly putLetters: (letters: readonly DeadLetter[]) => Promise<void>;
}

export type Append = (
  topic: string,
  records: readonly AppendRecord[],
  letters?: readonly DeadLetter[],
) => Promise<AppendResult>;

/** What append cannot know: duplicates are found when they are read. */
const STORED: AppendResult = { duplicates: [] };

/** Rejects with `log_oversized`, and nothing of the call is stored, when a record does not fit into a message. */
export function createAppend({ outbox, events, putLetters }: AppendParts): Append {
  return async (topic, records, letters = []) => {
    if (topic !== EVENTS_TOPIC) throw new Error(`nothing is appended to ${topic}`);
    const messages = records.flatMap(halvesOf).map(messageOf);
    for (const message of messages) checkFits(bytesOf(message), events.topic, events.maxMessageBytes);
    const sending = [...byPartition(messages, events.partitions)].map(([partition, part]) =>
      outbox.send(events.topic, partition, part),
    );
    await allDurable(letters.length > 0 ? [...sending, putLetters(letters)] : sending);
    return STORED;
  };
}

function byPartition(
  messages: readonly (OutMessage & { readonly key: string })[],
  partitions: number,
): ReadonlyMap<number, readonly OutMessage[]> {
  const parts = new Map<number, OutMessage[]>();
  for (const message of messages) {
    const partition = partitionOf(message.key, partitions);
    const part = parts.get(partition);
    if (part) part.push(message);
    else parts.set(partition, [message]);
  }
  return parts;
}

/** The link first, as in a log with one order. Each half is an event of its own to the guard. */
function halvesOf(record: AppendRecord): readonly AppendRecord[] {
  const { halves, ...whole } = record;
  if (halves === undefined) return [whole];
  const { headers, guardId } = whole;
  const links = halves.links.map(({ key, half }) => ({
    ...whole,
    key,
    headers: { ...headers, half },
    ...(guardId !== undefined && { guardId: `${guardId}\0${half}` }),
  }));
  return halves.rest ? [...links, { ...whole, headers: { ...headers, half: 'rest' } }] : links;
}

/** Waits for all of them, so that nothing is under way any more when the caller hears of a failure. */
async function allDurable(sending: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(sending)).filter((each) => each.status === 'rejected');
  const errors: readonly unknown[] = failed.map(({ reason }) => reason);
  const [first] = errors;
  if (first === undefined) return;
  // A fault that is no failure of the brokers is a bug: it must not hide behind one that is.
  throw errors.find((error) => !(error instanceof LogError)) ?? first;
}
