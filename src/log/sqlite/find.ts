/** Finds the records of a messageId: the worker looks for its text, segment by segment from the newest back. */
import { setTimeout as pause } from 'node:timers/promises';
import type { LogRecord } from '../../model/record.ts';
import { carries } from '../message-of.ts';
import type { StoreClient } from './client.ts';
import { createSegment } from './segment.ts';

/** About what a step takes: half of the worker's time is left to writes. */
const PAUSE_MS = 10;

export interface Wanted {
  readonly messageId: string;
  /** The search begins before this offset. */
  readonly head: number;
}

export async function findRecords(
  client: StoreClient,
  { messageId, head }: Wanted,
  signal: AbortSignal,
): Promise<readonly LogRecord[]> {
  const found: LogRecord[] = [];
  // As the sender wrote it in JSON; ids with characters that may be written in several ways are found as JSON.stringify writes them.
  const text = JSON.stringify(messageId).slice(1, -1);
  for (let before = head; before > 0 && !signal.aborted; ) {
    const { rows, before: next } = await client.call('search', { text, before });
    for (const row of rows) found.push(...recordsIn(row, messageId));
    before = next;
    if (before > 0) await pause(PAUSE_MS);
  }
  return found;
}

function recordsIn(row: Parameters<typeof createSegment>[0], messageId: string): LogRecord[] {
  const segment = createSegment(row);
  const records: LogRecord[] = [];
  for (let offset = segment.end - 1; offset >= segment.base; offset -= 1) {
    const record = segment.record(offset);
    if (carries(record, messageId)) records.push({ ...record, value: new Uint8Array(record.value) });
  }
  return records;
}
