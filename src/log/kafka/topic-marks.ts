/**
 * Which topic a name stands for: one that is deleted and made anew has the name of the old one and another id (KIP-516).
 * kafkajs' metadata requests are older than ids, so here is one of our own: version 10, of Kafka 2.8 and newer.
 */
import { crc32 } from 'node:zlib';
import type { RawBroker } from './internals.ts';

/** The beginning of each id: enough to tell them apart, and short, for it travels in every commit. */
export interface TopicMark {
  /** Of the cluster's id, 4 bytes of its hash, hex. */
  readonly cluster: string;
  /** Of the topic's id, 8 bytes, hex. */
  readonly topic: string;
}

/** They are one cluster's, and two topics. What is of another cluster was copied with its records, and says nothing. */
export function isAnother(one: TopicMark | null, two: TopicMark | null): boolean {
  return one !== null && two !== null && one.cluster === two.cluster && one.topic !== two.topic;
}

/** Of kafkajs' broker: what its own requests go through. */
interface AskedBroker {
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>;
  readonly connectionPool: {
    send(request: {
      readonly request: object;
      readonly response: object;
    }): Promise<ReadonlyMap<string, TopicMark>>;
  };
}

const METADATA = 3;
const VERSION = 10;

/** By name; of brokers that know no ids, or tell them otherwise, none. Rejects when there is no answer. */
export async function topicMarksOf(
  broker: RawBroker,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicMark>> {
  const { versions, connectionPool } = broker as unknown as AskedBroker;
  const known = versions[METADATA];
  if (!known || known.minVersion > VERSION || known.maxVersion < VERSION) return new Map();
  const body = encodeMetadataRequest(topics);
  const encode = async () => ({ buf: body, buffer: body });
  const decode = async (answer: Buffer) => decodedOr(answer, new Map());
  return connectionPool.send({
    request: { apiKey: METADATA, apiVersion: VERSION, apiName: 'Metadata', encode },
    response: { decode, parse: async (marks: ReadonlyMap<string, TopicMark>) => marks },
  });
}

function decodedOr(answer: Buffer, otherwise: ReadonlyMap<string, TopicMark>) {
  try {
    return decodeMetadataAnswer(answer);
  } catch {
    return otherwise;
  }
}

/** No tagged fields, in a head that kafkajs writes without them, and anywhere else. */
const NO_TAGS = 0;
const FALSE = 0;

/** With the end of the head, which has tagged fields from version 9 on. Lengths are varints, and one more than they say. */
function encodeMetadataRequest(topics: readonly string[]): Buffer {
  const parts = [Buffer.of(NO_TAGS), varint(topics.length + 1)];
  for (const topic of topics) {
    const name = Buffer.from(topic);
    // An id of zeros: it is asked for by name.
    parts.push(Buffer.alloc(16), varint(name.length + 1), name, Buffer.of(NO_TAGS));
  }
  // Nothing is created, and nobody's rights are asked for.
  return Buffer.concat([...parts, Buffer.of(FALSE, FALSE, FALSE, NO_TAGS)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** Throws what is no such answer. */
export function decodeMetadataAnswer(answer: Buffer): ReadonlyMap<string, TopicMark> {
  const from = createCursor(answer);
  from.tags();
  from.skip(4);
  from.each(() => {
    from.skip(4);
    from.text();
    from.skip(4);
    from.text();
    from.tags();
  });
  const cluster = crc32(from.text() ?? '')
    .toString(16)
    .padStart(8, '0');
  from.skip(4);
  const marks = new Map<string, TopicMark>();
  from.each(() => {
    const error = from.int16();
    const name = from.text() ?? '';
    const topic = from.bytes(16).toString('hex').slice(0, 16);
    from.skip(1);
    from.each(() => skipPartition(from));
    from.skip(4);
    from.tags();
    if (error === 0 && !/^0+$/.test(topic)) marks.set(name, { cluster, topic });
  });
  return marks;
}

function skipPartition(from: Cursor): void {
  // Error, number, leader and its epoch; then three lists of replicas.
  from.skip(2 + 4 + 4 + 4);
  for (let list = 0; list < 3; list += 1) from.each(() => from.skip(4));
  from.tags();
}

type Cursor = ReturnType<typeof createCursor>;

function createCursor(buffer: Buffer) {
  let at = 0;

  function bytes(length: number): Buffer {
    if (at + length > buffer.length) throw new RangeError(`${length} bytes at ${at} of ${buffer.length}`);
    at += length;
    return buffer.subarray(at - length, at);
  }

  function uvarint(): number {
    let [value, unit] = [0, 1];
    for (;;) {
      const byte = bytes(1)[0] ?? 0;
      value += (byte % 128) * unit;
      if (byte < 128) return value;
      unit *= 128;
    }
  }

  return {
    bytes,
    skip: (length: number): void => {
      bytes(length);
    },
    int16: () => bytes(2).readInt16BE(),
    /** Null where there is none. */
    text(): string | null {
      const length = uvarint();
      return length === 0 ? null : bytes(length - 1).toString();
    },
    each(read: () => void): void {
      for (let left = uvarint() - 1; left > 0; left -= 1) read();
    },
    tags(): void {
      for (let left = uvarint(); left > 0; left -= 1) {
        uvarint();
        bytes(uvarint());
      }
    },
  };
}
