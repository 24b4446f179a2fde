/** How letters and counts are printed: JSON lines for programs, a table for people on a terminal. */
import type { LetterSummary, ShownGroup } from '../dead-letters/shown.ts';
import type { Tally } from '../dead-letters/store.ts';

export interface ShownOn {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Whether a person reads it: a terminal, and nobody asked for JSON. */
export function isForPeople(json: boolean | undefined, output: ShownOn = process.stdout): boolean {
  return json !== true && output.isTTY === true;
}

export function printJson(value: unknown, output: ShownOn = process.stdout): void {
  output.write(`${JSON.stringify(value)}\n`);
}

export function letterTable(letters: readonly LetterSummary[]): string {
  const rows = letters.map((letter) => {
    const { at, id, kind, code, undelivered, payload } = letter;
    const cells = [at, kind, code, undelivered?.join(',') ?? 'all of it', id];
    return payload === undefined ? cells : [...cells, payload];
  });
  return table(['written', 'kind', 'code', 'undelivered', 'id'], rows);
}

export function groupTable({ count, groups }: Tally): string {
  const rows = groups.map(({ destination, kind, code, count: letters, first, last }) => [
    String(letters),
    destination ?? '(ingest)',
    kind,
    code,
    first,
    last,
  ]);
  return `${table(['letters', 'destination', 'kind', 'code', 'first', 'last'], rows)}${count} in all\n`;
}

/** One line that says how many of what. */
export function tallyText({ count, groups }: Tally): string {
  if (count === 0) return '0 dead letters';
  const of = groups.map(({ count: letters, ...group }) => `${letters} ${nameOf(group)}`);
  return `${count} dead ${count === 1 ? 'letter' : 'letters'} (${of.join(', ')})`;
}

function nameOf({ destination, code }: Pick<ShownGroup, 'destination' | 'code'>): string {
  return `${destination ?? 'ingest'} ${code}`;
}

/** Control characters of an event must not reach the terminal. */
export function table(head: readonly string[], given: readonly (readonly string[])[]): string {
  const rows = given.map((cells) => cells.map((cell) => cell.replaceAll(/\p{Cc}/gu, '·')));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map((cells) => `${line(cells)}\n`).join('');
}
