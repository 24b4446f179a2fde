/** Events as ingest appends them. */
import { contentHash } from '../../src/ingest/content.ts';
import type { AppendRecord } from '../../src/log/log.ts';
import { externalIdKey } from '../../src/model/person.ts';
import { eventText, messageIdOf, userIdOf } from './events.ts';
import { SOURCE } from './server.ts';

const headers = { source: SOURCE, receivedAt: new Date().toISOString() };

/** The event with this number; the ids are guarded against repeats. */
export function recordOf(number: number, people: number): AppendRecord {
  const value = Buffer.from(eventText(number, people));
  return {
    key: externalIdKey(userIdOf(number, people)),
    value,
    headers,
    timestamp: Date.now(),
    guardId: `${SOURCE}\0${messageIdOf(number)}`,
    guardContent: contentHash(value),
  };
}
