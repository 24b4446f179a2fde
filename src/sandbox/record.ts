/** The request log: the last requests in memory, and each as a line in a file, written before the reply goes out. */
import { appendFileSync, closeSync, openSync } from 'node:fs';
import type { Json } from './json.ts';

export interface RecordedRequest {
  /** Consecutive, in the order of arrival. */
  readonly id: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly path: string;
  /** Null when the connection was cut before anything was decided. */
  readonly status: number | null;
  /** As sent; text when it was no JSON, null when it was over the cap. */
  readonly body: Json;
  /** Null when no reply went out. */
  readonly reply: Json;
}

/** A request as it is logged: body and reply as single lines of JSON, so that nothing is stringified twice. */
export interface RecordEntry {
  readonly at: number;
  readonly path: string;
  readonly status: number | null;
  readonly bodyLine: string;
  readonly replyLine: string;
}

export interface RequestLog {
  /** False when nothing is kept anywhere: the caller need not make an entry. */
  readonly isOn: boolean;
  add(entry: RecordEntry): void;
  /** The kept lines, oldest first. */
  lines(): string[];
  /** Forgets the kept lines; ids go on, the file stays. */
  clear(): void;
  close(): void;
}

/** Throws when the file cannot be opened for appending. */
export function createRequestLog(keep: number, file: string | undefined): RequestLog {
  let descriptor = file === undefined ? undefined : openSync(file, 'a');
  const ring: string[] = [];
  let lastId = 0;
  let oldest = 0;
  return {
    isOn: keep > 0 || descriptor !== undefined,
    add(entry) {
      lastId += 1;
      const line = lineOf(lastId, entry);
      if (descriptor !== undefined) appendFileSync(descriptor, `${line}\n`);
      if (ring.length < keep) ring.push(line);
      else if (keep > 0) {
        ring[oldest] = line;
        oldest = (oldest + 1) % keep;
      }
    },
    lines: () => [...ring.slice(oldest), ...ring.slice(0, oldest)],
    clear() {
      ring.length = 0;
      oldest = 0;
    },
    close() {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
}

function lineOf(id: number, entry: RecordEntry): string {
  const at = new Date(entry.at).toISOString();
  const head = `{"id":${id},"at":"${at}","path":${JSON.stringify(entry.path)},"status":${entry.status}`;
  return `${head},"body":${entry.bodyLine},"reply":${entry.replyLine}}`;
}
