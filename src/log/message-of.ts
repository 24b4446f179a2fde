/** Whether a record is the one of a messageId. */
import { isObject } from '../model/json.ts';
import { messageIdOf } from '../model/normalise.ts';
import type { LogRecord } from '../model/record.ts';

/** The event's own id, else the one that ingest made. */
export function carries({ value, headers, corrupt }: LogRecord, messageId: string): boolean {
  if (corrupt) return false;
  try {
    const event: unknown = JSON.parse(
      Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString(),
    );
    return ((isObject(event) && messageIdOf(event.messageId)) || headers.messageId) === messageId;
  } catch {
    return headers.messageId === messageId;
  }
}
