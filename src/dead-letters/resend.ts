/**
 * Sends what the log still holds of a time again, to one destination alone. An event goes to it once in 24 hours however
 * often it is asked for: so a run that was interrupted goes on when the same is asked again.
 */
import type { AppendRecord, EventLog, ScannedRecord } from '../log/log.ts';
import { EVENTS_TOPIC, type LogRecord } from '../model/record.ts';
import { WITHOUT_STATE } from './replay-record.ts';
import { cursorOf, type Reached, readCursor } from './resend-cursor.ts';

export interface ResendQuery {
  readonly destination: string;
  /** When the events were accepted, ms since the epoch, half-open. */
  readonly from: number;
  readonly to: number;
  readonly source?: string;
}

export interface ResendOptions {
  /** Attributes and subscriptions too, which may overwrite newer ones. */
  readonly withAttributes?: boolean;
  /** Also events that went to this destination by a replay in the last 24 hours. */
  readonly again?: boolean;
  /** Events of one call. Default: all. */
  readonly limit?: number;
  /** `next` of the call before, for the same query. */
  readonly after?: string;
}

export interface ResendCount {
  readonly events: number;
  /** ms since the epoch; null without events. */
  readonly firstAt: number | null;
  readonly lastAt: number | null;
  /** Records of that time that are not sent: replays themselves, and damaged ones. */
  readonly replays: number;
  readonly damaged: number;
}

export interface ResendResult {
  readonly sent: number;
  /** Left out, since a replay took them to this destination in the last 24 hours. On Kafka 0: it is seen when they are read. */
  readonly already: number;
  /** Where the next call goes on, in words of the log's own; null when this was all. */
  readonly next: string | null;
}

export interface Resend {
  count(query: ResendQuery): Promise<ResendCount>;
  /** Rejects with `LogError` when the log has no room: what went before is in it. */
  send(query: ResendQuery, options?: ResendOptions): Promise<ResendResult>;
}

export interface ResendParts {
  readonly log: Pick<EventLog, 'scan' | 'append'>;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Whether a source delivers to a destination. */
  readonly connected: (source: string, destination: string) => boolean;
}

/** @param sources of the configuration: each its id and its destinations, null meaning all */
export function connections(
  sources: readonly { readonly id: string; readonly destinations: readonly string[] | null }[],
): ResendParts['connected'] {
  const known = new Map(sources.map(({ id, destinations }) => [id, destinations]));
  return (source, destination) => {
    const destinations = known.get(source);
    return destinations !== undefined && (destinations?.includes(destination) ?? true);
  };
}

/** Events appended in one transaction. */
const BATCH_EVENTS = 500;

export function createResend({ log, now, connected }: ResendParts): Resend {
  const isMeant = ({ headers }: LogRecord, { source, destination }: ResendQuery): boolean =>
    (source ?? headers.source) === headers.source && connected(headers.source, destination);

  return {
    async count(query) {
      const count = { events: 0, replays: 0, damaged: 0 };
      const times: number[] = [];
      for await (const records of log.scan(EVENTS_TOPIC, query, AbortSignal.any([]))) {
        const meant = records.filter((record) => record.corrupt || isMeant(record, query));
        for (const record of meant) count[whatOf(record)] += 1;
        const events = meant.filter((record) => whatOf(record) === 'events');
        times.push(...spanOf([...times.splice(0), ...events.map(({ timestamp }) => timestamp)]));
      }
      return { ...count, firstAt: times[0] ?? null, lastAt: times[1] ?? null };
    },
    async send(query, { limit = Number.POSITIVE_INFINITY, after, ...terms } = {}) {
      const result = { sent: 0, already: 0 };
      const offsets = startOf(after);
      const reached = new Map(offsets);
      const range = { from: query.from, to: query.to, offsets, most: limit };
      for await (const records of log.scan(EVENTS_TOPIC, range, AbortSignal.any([]))) {
        let rest = records.filter((record) => whatOf(record) === 'events' && isMeant(record, query));
        while (rest.length > 0) {
          const size = Math.min(BATCH_EVENTS, limit - result.sent - result.already);
          if (size <= 0) return { ...result, next: cursorOf(reached) };
          const batch = rest.slice(0, size);
          const copies = batch.map((record) => copyOf(record, query.destination, { ...terms, at: now() }));
          const { duplicates } = await log.append(EVENTS_TOPIC, copies);
          result.sent += batch.length - duplicates.length;
          result.already += duplicates.length;
          pass(batch, reached);
          rest = rest.slice(size);
        }
        pass(records, reached);
      }
      return { ...result, next: null };
    },
  };
}

function startOf(after: string | undefined): Reached {
  const start = after === undefined ? new Map() : readCursor(after);
  if (!start) throw new Error(`${after} is no cursor of a replay`);
  return start;
}

/** Within a partition the records come in the order of their offsets. */
function pass(records: readonly LogRecord[], reached: Map<number, number>): void {
  for (const { partition, offset } of records) reached.set(partition, offset + 1);
}

function spanOf(times: readonly number[]): number[] {
  return times.length === 0 ? [] : [Math.min(...times), Math.max(...times)];
}

/** A replay is not replayed: the event it came from is there itself, or is a dead letter. */
function whatOf({ corrupt, headers }: LogRecord): 'events' | 'replays' | 'damaged' {
  if (corrupt) return 'damaged';
  return headers.replayDestination === undefined ? 'events' : 'replays';
}

interface CopyTerms {
  readonly withAttributes?: boolean;
  readonly again?: boolean;
  readonly at: number;
}

/** Its guard id is of the replay, not the event's own: that one is known and would drop it. */
function copyOf(
  record: ScannedRecord,
  destination: string,
  { withAttributes, again, at }: CopyTerms,
): AppendRecord {
  const { key, value } = record;
  const state = withAttributes === true ? {} : { replayWithout: WITHOUT_STATE };
  const headers = { ...record.headers, replayDestination: destination, ...state };
  const guardId = `replay\0${destination}\0${identityOf(record)}`;
  return { key, value, headers, timestamp: at, ...(again !== true && { guardId }) };
}

/** An event that stands in the log twice is the same one, unless it says something else. */
function identityOf({ guardId, guardContent, topic, partition, offset }: ScannedRecord): string {
  return guardId === undefined ? `${topic}/${partition}/${offset}` : `${guardId}\0${guardContent ?? ''}`;
}
