/** Writes letters to their topic: each durable on its own, so that its offset is known for certain. */
import { randomBytes } from 'node:crypto';
import type { DeadLetter } from '../../model/dead-letter.ts';
import { detailOf, messageOfLetter } from './letter-codec.ts';
import type { LetterEntry, PlacedLetter } from './letter-index.ts';
import { FRAME_BYTES, headOf, piecesIn, piecesOf } from './letters-pieces.ts';
import type { LetterPlaces } from './letters-places.ts';
import type { Outbox } from './outbox.ts';
import { bytesOf } from './outbox-size.ts';
import { partitionOf } from './partitioner.ts';
import type { TopicShape } from './topics.ts';

export interface LetterWriter {
  /** Resolves when it is durable. Rejects with `LogError`. */
  write(letter: DeadLetter, seq: number): Promise<PlacedLetter>;
  /** Writes the tombstone of a letter, and of its pieces. Resolves with the letter's when durable. */
  erase(entry: LetterEntry): Promise<number>;
}

export interface LetterWriterParts {
  readonly outbox: Pick<Outbox, 'send'>;
  readonly topic: TopicShape;
  readonly places: LetterPlaces;
  readonly now: () => number;
}

export function createLetterWriter({ outbox, topic, places, now }: LetterWriterParts): LetterWriter {
  const { topic: name, maxMessageBytes } = topic;

  /** One after the other: of all pieces at once, the outbox would have to hold the whole letter twice. */
  async function writePieces(letter: DeadLetter, detail: string, partition: number) {
    const nonce = randomBytes(6).toString('base64url');
    const keys: string[] = [];
    const offsets: number[] = [];
    for (const piece of piecesOf(letter, detail, { nonce, maxMessageBytes })) {
      offsets.push(await outbox.send(name, partition, [piece]));
      keys.push(piece.key ?? '');
    }
    return { keys, offsets };
  }

  return {
    async write(letter, seq) {
      const stored = detailOf(letter, seq);
      const detail = JSON.stringify(stored);
      const partition = partitionOf(letter.id, topic.partitions);
      const whole = messageOfLetter(letter, detail);
      const isSplit = bytesOf(whole) + FRAME_BYTES > maxMessageBytes;
      const message = isSplit ? headOf(letter, detail, await writePieces(letter, detail, partition)) : whole;
      const offset = await outbox.send(name, partition, [message]);
      const bytes = Buffer.byteLength(detail) + letter.record.value.byteLength;
      return { id: letter.id, detail: stored, partition, offset, bytes, isSplit };
    },
    async erase(entry) {
      const { id, partition, state } = entry;
      const pieces = state === 'split' ? piecesIn((await places.read(entry)) ?? NOTHING) : undefined;
      const keys = [id, ...(pieces?.keys ?? [])];
      const tombstones = keys.map((key) => ({ key, value: null, headers: {}, timestamp: now() }));
      return outbox.send(name, partition, tombstones);
    },
  };
}

const NOTHING = { offset: 0, key: null, value: null, headers: {}, timestamp: 0 };
