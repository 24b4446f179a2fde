/**
 * One produce request to one broker, for several partitions, with what became of each of them: kafkajs' own producer
 * lets all fail when one does.
 */
import { createRequire } from 'node:module';
import type { CompressionTypes } from 'kafkajs';
import type { RawBroker } from './internals.ts';
import { encodeBatch } from './outbox-batch.ts';
import type { OutMessage, Place } from './record-codec.ts';

/** Messages for one partition. */
export interface Parcel extends Place {
  readonly messages: readonly OutMessage[];
}

export interface ProduceTerms {
  readonly compression: CompressionTypes;
  /** How long the broker waits for its replicas. */
  readonly timeoutMs: number;
}

/** What kafkajs makes of a request, and sends. */
interface ProtocolRequest {
  readonly request: object;
  readonly response: { readonly decode: unknown; readonly parse: unknown };
}

interface ProduceAnswer {
  readonly topics: readonly {
    readonly topicName: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly errorCode: number;
      readonly baseOffset: string;
    }[];
  }[];
}

/** Of kafkajs' broker: what its `produce` goes through. */
interface ProducingBroker {
  lookupRequest(apiKey: number, definition: unknown): (terms: object) => ProtocolRequest;
  readonly connectionPool: { send(request: ProtocolRequest): Promise<ProduceAnswer> };
  disconnect(): Promise<void>;
}

const requireKafkajs = createRequire(import.meta.url);
const { requests } = requireKafkajs('kafkajs/src/protocol/requests') as {
  readonly requests: { readonly Produce: unknown };
};
const { createErrorFromCode } = requireKafkajs('kafkajs/src/protocol/error') as {
  readonly createErrorFromCode: (code: number) => Error;
};

const PRODUCE = 0;
/** All replicas in sync. */
const ACKS = -1;
/** Length of a transaction's id that there is none of. */
const NO_TRANSACTION = -1;

/**
 * Rejects when the request as a whole failed; the parcels may be durable all the same.
 * @returns for each parcel the offset of its first message, or its error
 */
export async function produce(
  leader: RawBroker,
  parcels: readonly Parcel[],
  { compression, timeoutMs }: ProduceTerms,
): Promise<readonly (number | Error)[]> {
  const broker = leader as unknown as ProducingBroker;
  const { request, response } = broker.lookupRequest(
    PRODUCE,
    requests.Produce,
  )({ acks: ACKS, topicData: [] });
  const body = await encodeRequest(parcels, { compression, timeoutMs });
  const encode = async () => ({ buf: body, buffer: body });
  // Its own parsing throws the first partition's error and forgets the others' answers.
  const parse = async (answer: ProduceAnswer) => answer;
  try {
    const { topics } = await broker.connectionPool.send({
      request: { ...request, encode },
      response: { ...response, parse },
    });
    return parcels.map((parcel) => resultOf(parcel, topics));
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') await broker.disconnect();
    throw error;
  }
}

function resultOf({ topic, partition }: Place, topics: ProduceAnswer['topics']): number | Error {
  const answers = topics.find(({ topicName }) => topicName === topic)?.partitions;
  const answer = answers?.find((each) => each.partition === partition);
  if (answer === undefined) return new Error(`the broker says nothing of partition ${partition} of ${topic}`);
  return answer.errorCode === 0 ? Number(answer.baseOffset) : createErrorFromCode(answer.errorCode);
}

/** The body of a Produce request of versions 3 to 8, of which kafkajs speaks up to 7: Kafka 0.11 and newer. */
async function encodeRequest(parcels: readonly Parcel[], terms: ProduceTerms): Promise<Buffer> {
  const topics = [...Map.groupBy(parcels, ({ topic }) => topic)];
  const parts = [int16(NO_TRANSACTION), int16(ACKS), int32(terms.timeoutMs), int32(topics.length)];
  for (const [topic, places] of topics) {
    const name = Buffer.from(topic);
    parts.push(int16(name.length), name, int32(places.length));
    for (const { partition, messages } of places) {
      const batch = await encodeBatch(messages, terms.compression);
      parts.push(int32(partition), int32(batch.length), batch);
    }
  }
  return Buffer.concat(parts);
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}
