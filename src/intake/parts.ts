/** Divides a piece that the log refused because something in it is too large for one of its records. */
import type { AppendRecord } from '../log/log.ts';
import type { DeadLetter } from '../model/dead-letter.ts';
import { rejected } from '../model/outcome.ts';
import type { Piece } from './pieces.ts';

const TOO_LARGE = rejected('oversized', 'event_too_large', 'the event is larger than a record of the log');

/**
 * The events each by itself, in order, then the letters. An event that is alone already becomes a letter, and a letter that
 * is alone goes without its value; empty when that is left out already.
 */
export function partsOf(piece: Piece): readonly Piece[] {
  const { records, letters, positions, rejections, tombstones } = piece;
  const [record, letter, position = ''] = [records[0], letters[0], positions[0]];
  if (records.length === 1 && letters.length === 0 && record) {
    const rejection = { outcome: TOO_LARGE };
    return [{ ...piece, records: [], letters: [letterOf(record, position)], rejections: [rejection] }];
  }
  if (records.length === 0 && letters.length === 1 && letter) {
    return letter.record.value.length === 0 ? [] : [{ ...piece, letters: [withoutValue(letter)] }];
  }
  const none = { ...piece, records: [], letters: [], positions: [], rejections: [], tombstones: 0 };
  return [
    ...records.map((each, index) => ({
      ...none,
      records: [each],
      positions: positions.slice(index, index + 1),
    })),
    ...letters.map((each, index) => ({
      ...none,
      letters: [each],
      rejections: rejections.slice(index, index + 1),
    })),
    { ...none, tombstones },
  ];
}

function letterOf(
  { key, value, headers, timestamp, guardContent }: AppendRecord,
  position: string,
): DeadLetter {
  return {
    id: `intake/${position}/${guardContent}`,
    destination: null,
    at: timestamp,
    position,
    record: { key, value, headers, timestamp },
    outcome: TOO_LARGE,
    undelivered: null,
  };
}

function withoutValue(letter: DeadLetter): DeadLetter {
  const { record, outcome, position } = letter;
  const message = `${outcome.message} (too large for a letter: it stands at ${position})`;
  return { ...letter, record: { ...record, value: Buffer.alloc(0) }, outcome: { ...outcome, message } };
}
