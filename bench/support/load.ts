/** Senders of events over HTTP, as a process of their own that costs as little as it can: connections that are kept, bodies made before. */
import { join } from 'node:path';
import { startChild } from './child.ts';

export interface LoadStart {
  /** `http://host:port` */
  readonly origin: string;
  readonly writeKey: string;
  readonly path: string;
  readonly connections: number;
  /** In a batch; null: single calls. */
  readonly events: number | null;
  readonly people: number;
  /** The events' numbers begin here. Compressed ones come with the same numbers again and again. */
  readonly first: number;
  readonly isGzip: boolean;
  /** Whether it notes when each event was sent and accepted. */
  readonly watches: boolean;
}

export interface LoadCounts {
  /** Events answered with 200. */
  readonly accepted: number;
  /** Requests answered otherwise, or not at all. */
  readonly refused: number;
  readonly cpuMicros: number;
}

/** By the event's number, in ms of the shared clock; 0 for one that was not accepted. */
export interface LoadTimes {
  readonly sentMs: Float64Array;
  readonly acceptedMs: Float64Array;
}

export interface Load {
  /**
   * Sends until it is paused: evenly so many events a second, or as fast as the answers come.
   * @param most it waits while so many are accepted; default: without end
   */
  run(eventsPerSecond?: number | null, most?: number | null): Promise<void>;
  /** Changes `most` of a run. */
  upTo(most: number): Promise<void>;
  /** Resolves when nothing is under way. */
  pause(): Promise<void>;
  counts(): Promise<LoadCounts>;
  times(): Promise<LoadTimes>;
  stop(): Promise<void>;
}

export const EVENTS_PER_BATCH = 50;
export const PEOPLE = 200_000;

const DEFAULTS = {
  path: '/v1/batch',
  connections: 8,
  events: EVENTS_PER_BATCH,
  people: PEOPLE,
  first: 0,
  isGzip: false,
  watches: false,
};

export async function startLoad(
  start: Partial<LoadStart> & Pick<LoadStart, 'origin' | 'writeKey'>,
): Promise<Load> {
  const child = startChild(join(import.meta.dirname, 'load-generator.ts'));
  await child.ask('start', { ...DEFAULTS, ...start });
  return {
    run: (eventsPerSecond = null, most = null) => child.ask('run', { eventsPerSecond, most }),
    upTo: (most) => child.ask('upTo', most),
    pause: () => child.ask('pause'),
    counts: () => child.ask('counts'),
    times: () => child.ask('times'),
    stop: child.stop,
  };
}
