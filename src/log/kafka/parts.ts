/** Opens what the Kafka log is made of, in order, and closes it in the opposite one. */
import { type Append, createAppend } from './append.ts';
import { createKafkaClient, type KafkaClient } from './client.ts';
import { createKafkaGuard, type KafkaGuard } from './guard.ts';
import { createKafkaLetters, type KafkaLetters } from './letters.ts';
import { createLook, type Look } from './look.ts';
import type { KafkaLogOptions } from './options.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { createRangeReader, type RangeReader } from './range-reader.ts';
import { type Place, type RawMessage, recordOf, type StoredRecord } from './record-codec.ts';
import { createKafkaRequests, type KafkaRequests } from './requests.ts';
import type { GroupSession } from './session.ts';
import { createStandings, type Standings } from './standings.ts';
import { prepareTopics, type TopicShapes } from './topics.ts';

/** Ingest answers within 8 s whatever the log does. */
const GIVE_UP_MS = 7_000;

export interface KafkaParts {
  readonly client: KafkaClient;
  readonly topics: TopicShapes;
  readonly append: Append;
  readonly guard: KafkaGuard;
  readonly letters: KafkaLetters;
  readonly requests: KafkaRequests;
  readonly look: Look;
  readonly standings: Standings;
  /** A message of any topic that is read, as a record. Never throws. */
  decode(message: RawMessage, place: Place): StoredRecord;
  /** To be called when no group reads any more. Resolves when what was handed over is written. */
  close(): Promise<void>;
}

/**
 * Rejects with `LogError`.
 * @param sessions of the groups that have joined in this process
 */
export async function openParts(
  options: KafkaLogOptions,
  sessions: ReadonlyMap<string, GroupSession>,
): Promise<KafkaParts> {
  const client = createKafkaClient(options.connection, options.tell);
  const topics = await prepareTopics(client, options);
  const shapes = [topics.events, topics.deadLetters, topics.requests];
  const outbox = await createOutbox(client, { ...options, giveUpMs: GIVE_UP_MS, topics: shapes });
  // The events' topic is never compacted: that is checked above. Of the topics of others nobody knows.
  const reader = createRangeReader(client, { mayBeCompacted: (topic) => topic !== topics.events.topic });
  const close = async () => {
    await outbox.close();
    await reader.close();
  };
  try {
    return await join({ options, sessions, client, topics, outbox, reader, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opened {
  readonly options: KafkaLogOptions;
  readonly sessions: ReadonlyMap<string, GroupSession>;
  readonly client: KafkaClient;
  readonly topics: TopicShapes;
  readonly outbox: Outbox;
  readonly reader: RangeReader;
  close(): Promise<void>;
}

async function join({
  options,
  sessions,
  client,
  topics,
  outbox,
  reader,
  ...opened
}: Opened): Promise<KafkaParts> {
  const { now, direct } = options;
  const { events } = topics;
  const decode = (message: RawMessage, place: Place): StoredRecord =>
    direct && place.topic !== events.topic ? direct.decode(message, place) : recordOf(message, place);
  const requests = await createKafkaRequests({
    outbox,
    reader,
    topic: topics.requests,
    now,
    assigned: (group) => sessions.get(group)?.assigned(),
  });
  const letters = createKafkaLetters({
    ...options,
    outbox,
    reader,
    topic: topics.deadLetters,
    limits: options.letters,
    append: (topic, records) => append(topic, records),
  });
  const append = createAppend({ outbox, events, putLetters: letters.put });
  const standings = createStandings({ ...options, client, reader, events });
  return {
    client,
    topics,
    append,
    letters,
    requests,
    standings,
    decode,
    guard: createKafkaGuard({
      ...options,
      reader,
      decode,
      onConflict: ({ topic }) => options.signs.conflicted(topic),
    }),
    look: createLook({ reader, events, decode }),
    async close() {
      letters.close();
      await standings.close();
      await opened.close();
      requests.close();
    },
  };
}
