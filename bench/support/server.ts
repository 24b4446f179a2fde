/** The real server as a process of its own, with a configuration for benchmarks, and what it uses. */
import {
  makeFolder,
  type Ready,
  type ServerFolder,
  type ServerProcess,
  startProcess,
} from '../../test/support/server-process.ts';
import { cpuMicrosOf, residentMbOf } from './usage.ts';

/** The destination's id, which is also its group in the log. */
export const DESTINATION = 'braze';
export const SOURCE = 'shop';

export interface Server {
  readonly ready: Ready;
  /** From the start of its process until it said that it is ready. */
  readonly readyMs: number;
  cpuMicros(): number;
  residentMb(): number;
  /** Sum of a metric's samples whose labels hold this text. */
  metric(name: string, labels?: string): Promise<number>;
  /** SIGTERM; throws when it does not end well. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/**
 * With as many requests under way from the start as Braze's limit needs at 100 ms: from 16, where it begins by default, it
 * takes 10 s to get there. Logs of any size that a disk holds.
 */
export function makeBenchFolder(
  sinkUrl: string,
  destination: Readonly<Record<string, unknown>> = {},
  more: Readonly<Record<string, unknown>> = {},
): ServerFolder {
  const concurrency = { start: 128 };
  return makeFolder(sinkUrl, { concurrency, ...destination }, { log: { maxBytes: 100e9 }, ...more });
}

export async function startServer(folder: ServerFolder, args: readonly string[] = []): Promise<Server> {
  const begun = performance.now();
  const running = startProcess(['serve', '--config', folder.configFile, ...args]);
  const ready = await running.ready;
  const { pid } = ready;
  return {
    ready,
    readyMs: performance.now() - begun,
    cpuMicros: () => cpuMicrosOf(pid),
    residentMb: () => residentMbOf(pid),
    metric: (name, labels = '') => metricOf(ready, name, labels),
    stop: () => stop(running),
    async kill() {
      running.kill('SIGKILL');
      await running.exited;
    },
  };
}

async function stop(running: ServerProcess): Promise<void> {
  running.kill('SIGTERM');
  const code = await running.exited;
  if (code !== 0) throw new Error(`the server ended with ${code}: ${running.stderr().slice(-2_000)}`);
}

async function metricOf({ admin }: Ready, name: string, labels: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  const samples = text.matchAll(new RegExp(`^${name}(?:{([^}]*)})? ([0-9.e+-]+)$`, 'gm'));
  return samples.reduce((sum, [, own = '', value]) => (own.includes(labels) ? sum + Number(value) : sum), 0);
}
