/** The other end of a delivery: starts the sink's process and asks it what it has seen. */
import { join } from 'node:path';
import { startChild } from './child.ts';

export interface SinkStart {
  /** From the end of a request to its answer. */
  readonly latencyMs: number;
  /** Whether it notes when each event's answer left. */
  readonly watches: boolean;
}

export interface SinkCounts {
  /** In requests answered with 201. */
  readonly objects: number;
  /** Answered. */
  readonly requests: number;
  readonly cpuMicros: number;
}

export interface Sink {
  readonly url: string;
  counts(): Promise<SinkCounts>;
  /** From now on; 201 at first. */
  answerWith(status: number): Promise<void>;
  /** Answers nothing until it is released. */
  hold(): Promise<void>;
  release(): Promise<void>;
  /** By the event's number when its answer left, in ms of the shared clock; 0 for one that never came. */
  seen(): Promise<Float64Array>;
  stop(): Promise<void>;
}

/** As slow as Braze is from nearby. */
export const BRAZE_MS = 100;

export async function startSink(start: Partial<SinkStart> = {}): Promise<Sink> {
  const child = startChild(join(import.meta.dirname, 'sink-server.ts'));
  const url = await child.ask<string>('start', { latencyMs: BRAZE_MS, watches: false, ...start });
  return {
    url,
    counts: () => child.ask('counts'),
    answerWith: (status) => child.ask('answerWith', status),
    hold: () => child.ask('hold'),
    release: () => child.ask('release'),
    seen: () => child.ask('seen'),
    stop: child.stop,
  };
}
