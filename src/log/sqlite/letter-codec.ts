/** A dead letter as the `letter` table holds it, and back; rows of older versions lack members, never have others. */
import type { DeadLetter } from '../../model/dead-letter.ts';
import type { NewRecord } from '../../model/record.ts';
import type { LetterRow } from './protocol.ts';

type Detail = Pick<DeadLetter, 'outcome' | 'undelivered' | 'delivery'> & {
  readonly record: Omit<NewRecord, 'value'>;
};

/** The value is copied: a view would drag its whole segment's buffer along to the worker. */
export function encodeLetter(letter: DeadLetter): LetterRow {
  const { value, key, headers, timestamp } = letter.record;
  const { outcome, undelivered, delivery } = letter;
  const detail: Detail = {
    record: { key, headers, timestamp },
    outcome,
    undelivered,
    ...(delivery && { delivery }),
  };
  return {
    id: letter.id,
    destination: letter.destination ?? '',
    at: letter.at,
    position: letter.position,
    detail: JSON.stringify(detail),
    value: new Uint8Array(value),
  };
}

export function decodeLetter(row: LetterRow): DeadLetter {
  const { record, outcome, undelivered, delivery } = JSON.parse(row.detail) as Detail;
  return {
    id: row.id,
    destination: row.destination === '' ? null : row.destination,
    at: row.at,
    position: row.position,
    record: { ...record, value: row.value },
    outcome,
    undelivered,
    ...(delivery && { delivery }),
  };
}

/** The parts that a stored letter has still to deliver. */
export function undeliveredIn(detail: string): DeadLetter['undelivered'] {
  return (JSON.parse(detail) as Detail).undelivered;
}

/** The detail with other parts to deliver. */
export function withUndelivered(detail: string, undelivered: DeadLetter['undelivered']): string {
  return JSON.stringify({ ...(JSON.parse(detail) as Detail), undelivered });
}
