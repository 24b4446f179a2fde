/**
 * Letters that are larger than a message of their topic may be. Nothing of a letter is cut: what is too large stands in
 * pieces, messages of their own in the same partition, and the letter's message, written last, names their offsets.
 */
import type { DeadLetter } from '../../model/dead-letter.ts';
import { shownHeaders } from './letter-codec.ts';
import type { OutMessage, RawMessage } from './record-codec.ts';

const PIECES = 'brazier-pieces';
const PIECE = 'brazier-piece';

/** Half of what one produce carries, so that a piece never goes into a batch that is too large. */
const PIECE_BYTES = 256 * 1024;

/** Around what a message carries: the frame, a key and a header of a piece, with room to spare. */
export const FRAME_BYTES = 2 * 1024;

export interface Pieces {
  /** Of the whole: the JSON's bytes, which the value's follow. */
  readonly detailBytes: number;
  readonly totalBytes: number;
  readonly keys: readonly string[];
  readonly offsets: readonly number[];
}

/**
 * The pieces of a letter, to be written in this order.
 * @param nonce of this writing, so that a repeat of the letter never replaces pieces that its message still names
 */
export function piecesOf(
  { id, at, record }: DeadLetter,
  detail: string,
  { nonce, maxMessageBytes }: { readonly nonce: string; readonly maxMessageBytes: number },
): readonly OutMessage[] {
  const whole = Buffer.concat([Buffer.from(detail), record.value]);
  const size = Math.max(1, Math.min(PIECE_BYTES, maxMessageBytes - FRAME_BYTES - Buffer.byteLength(id)));
  const count = Math.ceil(whole.length / size);
  return Array.from({ length: count }, (_, n) => ({
    key: `${id}\0${nonce}\0${n}`,
    value: whole.subarray(n * size, (n + 1) * size),
    headers: { [PIECE]: String(n) },
    timestamp: at,
  }));
}

/** The letter's own message. */
export function headOf(
  letter: DeadLetter,
  detail: string,
  pieces: Pick<Pieces, 'keys' | 'offsets'>,
): OutMessage {
  const detailBytes = Buffer.byteLength(detail);
  const text: Pieces = {
    detailBytes,
    totalBytes: detailBytes + letter.record.value.byteLength,
    keys: pieces.keys,
    offsets: pieces.offsets,
  };
  const headers = { ...shownHeaders(letter), [PIECES]: JSON.stringify(text) };
  return { key: letter.id, value: new Uint8Array(), headers, timestamp: letter.at };
}

export function isPiece({ headers }: RawMessage): boolean {
  return headers[PIECE] !== undefined;
}

/** Undefined of a letter that is in one message. */
export function piecesIn({ headers }: RawMessage): Pieces | undefined {
  const text: unknown = headers[PIECES];
  if (!Buffer.isBuffer(text)) return undefined;
  try {
    return JSON.parse(text.toString()) as Pieces;
  } catch {
    return undefined;
  }
}

/** Undefined when some of it is gone. */
export function joined(
  { detailBytes, totalBytes }: Pieces,
  read: readonly (RawMessage | undefined)[],
): { readonly detail: string; readonly value: Uint8Array } | undefined {
  const whole = Buffer.concat(read.map((message) => message?.value ?? Buffer.alloc(0)));
  if (whole.length !== totalBytes) return undefined;
  return { detail: whole.toString('utf8', 0, detailBytes), value: whole.subarray(detailBytes) };
}
