/** What most benchmarks run: a sink, a folder with its configuration and perhaps a backlog, servers and loads; all ended and removed afterwards. */
import type { ServerFolder } from '../../test/support/server-process.ts';
import { type Backlog, fillLog } from './backlog.ts';
import { type Load, type LoadStart, startLoad } from './load.ts';
import { makeBenchFolder, type Server, startServer } from './server.ts';
import { type Sink, type SinkStart, startSink } from './sink.ts';

export interface RigOptions {
  readonly sink?: Partial<SinkStart>;
  /** More of the destination's configuration, and of the rest. */
  readonly destination?: Readonly<Record<string, unknown>>;
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface Rig {
  readonly sink: Sink;
  readonly folder: ServerFolder;
  /** No server may run. Numbers the events on from where the last fill ended. */
  fill(backlog: Omit<Backlog, 'first'>): Promise<void>;
  /** Events that were filled in and have not come to the sink. */
  backlog(): Promise<number>;
  /** One at a time. */
  start(args?: readonly string[]): Promise<Server>;
  startLoad(server: Server, load?: Partial<LoadStart>): Promise<Load>;
  /** Ends and removes all of it. */
  close(): Promise<void>;
}

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const sink = await startSink(options.sink);
  const folder = makeBenchFolder(sink.url, options.destination, options.more);
  const undo: (() => unknown)[] = [folder.remove, sink.stop];
  let filled = 0;
  return {
    sink,
    folder,
    async fill(backlog) {
      await fillLog(folder.data, { ...backlog, first: filled });
      filled += backlog.events;
    },
    backlog: async () => filled - (await sink.counts()).objects,
    async start(args) {
      const server = await startServer(folder, args);
      undo.push(server.kill);
      return server;
    },
    async startLoad(server, more) {
      const { http: origin } = server.ready;
      const load = await startLoad({ origin, writeKey: folder.writeKey, first: filled, ...more });
      undo.push(load.stop);
      return load;
    },
    async close() {
      for (const end of undo.splice(0).reverse()) await end();
    },
  };
}

/** Opens one for a piece of work. */
export async function withRig<Result>(
  options: RigOptions,
  work: (rig: Rig) => Promise<Result>,
): Promise<Result> {
  const rig = await openRig(options);
  try {
    return await work(rig);
  } finally {
    await rig.close();
  }
}
