/** What may have counted twice: the requests whose fate was unknown, with the events and purchases in them. */
import type { EventLog } from '../log/log.ts';
import type { NotedRequest } from '../log/request-note.ts';
import { isObject } from '../model/json.ts';
import { messageIdOf } from '../model/normalise.ts';
import type { LogRecord } from '../model/record.ts';
import { isCounted } from '../pipeline/journal.ts';
import { textOf } from './planner.ts';
import type { ShownAttempt } from './requests.ts';

export interface DoubtfulQuery {
  readonly destination?: string;
  /** Requests. */
  readonly limit: number;
  /** `next` of the page before. */
  readonly before?: number;
}

export interface Doubtful {
  /** Newest first. */
  readonly requests: readonly DoubtfulRequest[];
  /** Where the next page begins; null at the end. */
  readonly next: number | null;
}

export interface DoubtfulRequest {
  readonly id: number;
  /** When it was to leave, ISO 8601. */
  readonly at: string;
  readonly destination: string;
  readonly endpoint: string;
  /** None are known of one that was under way when the process was killed. */
  readonly attempts: readonly ShownAttempt[];
  readonly attemptCount: number;
  readonly events: readonly DoubtfulEvent[];
}

export interface DoubtfulEvent {
  /** Null when the log does not hold it any more. */
  readonly messageId: string | null;
  readonly source: string | null;
  /** Where it stood in the log: `topic/partition/offset`. */
  readonly position: string;
  /** Its events and purchases in the request. */
  readonly parts: readonly string[];
}

export async function listDoubtful(
  log: Pick<EventLog, 'requests' | 'fetch'>,
  { destination, limit, before }: DoubtfulQuery,
): Promise<Doubtful> {
  const requests = await log.requests({
    doubtful: true,
    limit,
    ...(destination !== undefined && { group: destination }),
    ...(before !== undefined && { before }),
  });
  const shown: DoubtfulRequest[] = [];
  for (const request of requests) shown.push(await shownDoubtful(log, request));
  return { requests: shown, next: requests.length < limit ? null : (requests.at(-1)?.id ?? null) };
}

async function shownDoubtful(
  log: Pick<EventLog, 'fetch'>,
  { id, at, group, endpoint, topic, partition, operations, end }: NotedRequest,
): Promise<DoubtfulRequest> {
  const counted = operations.filter(({ part }) => isCounted(part));
  const byOffset = Map.groupBy(counted, ({ offset }) => offset);
  const offsets = [...byOffset.keys()].sort((a, b) => a - b);
  const records = new Map((await log.fetch(topic, partition, offsets)).map((each) => [each.offset, each]));
  return {
    id,
    at: new Date(at).toISOString(),
    destination: group,
    endpoint,
    attempts: (end?.attempts ?? []).map((each) => ({ ...each, at: new Date(each.at).toISOString() })),
    attemptCount: end?.attemptCount ?? 0,
    events: offsets.map((offset) => ({
      messageId: idOf(records.get(offset)),
      source: records.get(offset)?.headers.source ?? null,
      position: `${topic}/${partition}/${offset}`,
      parts: (byOffset.get(offset) ?? []).map(({ part }) => part),
    })),
  };
}

function idOf(record: LogRecord | undefined): string | null {
  if (record === undefined) return null;
  const made = record.headers.messageId ?? null;
  if (record.corrupt) return made;
  const event: unknown = JSON.parse(textOf(record));
  return (isObject(event) && messageIdOf(event.messageId)) || made;
}
