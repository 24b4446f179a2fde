/** The requests in which a record's parts went, as far as they are noted. */
import type { EventLog } from '../log/log.ts';
import type { NotedRequest } from '../log/request-note.ts';
import type { LogRecord } from '../model/record.ts';
import { isCounted } from '../pipeline/journal.ts';

export interface ShownAttempt {
  /** ISO 8601. */
  readonly at: string;
  readonly durationMs: number;
  /** Null when no reply came. */
  readonly status: number | null;
  /** What it meant, e.g. `final`, `split`, `http_503`. */
  readonly what: string;
  readonly objects: number;
}

export interface ShownRequest {
  readonly id: number;
  /** When it was to leave, ISO 8601. */
  readonly at: string;
  readonly endpoint: string;
  /** Of this record. */
  readonly parts: readonly string[];
  /** Of all records. */
  readonly objects: number;
  readonly state: 'under_way' | 'ended';
  /** The first few and the last few of `attemptCount`. */
  readonly attempts: readonly ShownAttempt[];
  readonly attemptCount: number;
  /** Events and purchases of this record in it may have counted although it was sent again or held. */
  readonly inDoubt: boolean;
}

/** One step of the log; what spans the offset without holding it is passed over. */
const PAGE = 200;

/** Oldest first. */
export async function requestsOf(
  log: Pick<EventLog, 'requests'>,
  group: string,
  { topic, partition, offset }: Pick<LogRecord, 'topic' | 'partition' | 'offset'>,
): Promise<ShownRequest[]> {
  const found: ShownRequest[] = [];
  for (let before: number | undefined; ; ) {
    const page = await log.requests({
      group,
      offset,
      limit: PAGE,
      ...(before !== undefined && { before }),
    });
    for (const request of page) {
      if (request.topic !== topic || request.partition !== partition) continue;
      const parts = request.operations.filter((each) => each.offset === offset).map(({ part }) => part);
      if (parts.length > 0) found.unshift(shownRequest(request, parts));
    }
    before = page.at(-1)?.id;
    if (page.length < PAGE) return found;
  }
}

function shownRequest({ id, at, endpoint, operations, end }: NotedRequest, parts: string[]): ShownRequest {
  return {
    id,
    at: new Date(at).toISOString(),
    endpoint,
    parts,
    objects: operations.length,
    state: end === null ? 'under_way' : 'ended',
    attempts: (end?.attempts ?? []).map((each) => ({ ...each, at: new Date(each.at).toISOString() })),
    attemptCount: end?.attemptCount ?? 0,
    inDoubt: end?.doubtful === true && parts.some(isCounted),
  };
}
