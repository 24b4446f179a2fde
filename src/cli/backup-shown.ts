/** What is in a copy of the log, in a line for people or as JSON. */
import type { Summary } from '../log/sqlite/sealed-copy.ts';
import { isForPeople } from './letters-shown.ts';

export interface ShownWhere {
  readonly json?: boolean;
  readonly to: NodeJS.WriteStream;
}

export function showSummary(file: string, summary: Summary, { json, to }: ShownWhere): void {
  const isLine = to === process.stderr || isForPeople(json, to);
  to.write(
    isLine ? summaryText(file, summary) : `${JSON.stringify({ file, ...summary, at: isoOf(summary.at) })}\n`,
  );
}

export function summaryText(
  file: string,
  { at, bytes, events, letters, undelivered, version }: Summary,
): string {
  const made = at === null ? 'of an unknown time' : `of ${isoOf(at)}`;
  const held = `${events} ${events === 1 ? 'event' : 'events'}, ${letters} dead ${letters === 1 ? 'letter' : 'letters'}`;
  const waiting = undelivered.map(({ destination, events: count }) => `${destination} ${count}`).join(', ');
  return `${file}: checked, ${made}, ${bytes} bytes, log version ${version}: ${held}; not delivered then: ${waiting || 'no destination'}\n`;
}

function isoOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
