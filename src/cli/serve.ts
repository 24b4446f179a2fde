/** `brazier serve`: the server. One line of JSON on stdout when it is ready; everything else goes to stderr. */
import { flushCompileCache } from 'node:module';
import { Command } from 'commander';
import type { App } from '../app.ts';
import type { Config } from '../config/config.ts';
import { urlOf } from '../config/data-folder.ts';
import type { ConfigFiles } from '../config/load.ts';
import { crashFields } from '../telemetry/crash.ts';
import type { Logger } from '../telemetry/logger.ts';
import { CommandError } from './command-error.ts';
import { loadOrFail, withConfigOptions, withRoleOption } from './config-options.ts';
import { createDrain } from './drain.ts';
import { leanMemory } from './lean-memory.ts';
import { reloadOnHangup, stopOnSignal } from './stop-signals.ts';

const EXAMPLES = `
Examples:
  $ npm start                                                the demo: a local Braze, nothing leaves the machine
  $ npm run -s brazier -- check --config brazier.yaml        first see whether the file is good
  $ npm run -s brazier -- serve --config brazier.yaml
  $ npm run -s brazier -- serve --workspace-config workspaceConfig.json
  $ npm run -s brazier -- serve --config brazier.yaml --role worker
  $ npm run -s brazier -- serve --config brazier.yaml --drain
      takes no events, delivers what the embedded log holds, and ends: 0 when all has its outcome, else 1

SIGTERM or SIGINT: takes no more events, finishes what is under way, commits, exits 0. A second one exits at once;
what was accepted stays in the log. SIGHUP: reads the files again and takes over sources, keys, destinations and alerts;
with any fault in them, or a change of http, admin, log, deadLetters, tracing or subscriptions, it goes on as before and says so.`;

const ROLE =
  'all (default), ingest: take events and append them, or worker: deliver them; the last two need log.kind kafka';

/** Within the 30 s that Kubernetes grants when it is not told otherwise; what Braze has not answered by then goes again. */
const DRAIN_DEADLINE_MS = 25_000;

/** What is still open when everything has ended is not waited for longer. */
const LEFT_OPEN_MS = 500;

export function serveCommand(): Command {
  return withRoleOption(withConfigOptions(new Command('serve')), ROLE)
    .description('Take events and forward them to Braze; without a configuration, run the demo')
    .option('--drain', 'take no events, deliver what the embedded log holds, and end: before a move to Kafka')
    .addHelpText('after', EXAMPLES)
    .action(serve);
}

interface ServeFlags extends ConfigFiles {
  readonly drain?: boolean;
}

/** Resolves when the server has been stopped. */
async function serve({ drain: isDrain, ...files }: ServeFlags): Promise<void> {
  leanMemory();
  const drain = isDrain === true ? createDrain(files) : undefined;
  const hangup = Object.keys(files).length === 0 ? undefined : reloadOnHangup();
  const { startDemo } = await import('./demo.ts');
  const demo = Object.keys(files).length === 0 ? await startDemo() : undefined;
  const loaded = demo ? demo.config : (await loadOrFail(files)).config;
  const config = drain?.configOf(loaded) ?? loaded;
  const ended = Promise.withResolvers<void>();
  // Watched from here on: the log may fail while the rest is still being opened.
  const fault = ended.promise.then(
    () => undefined,
    (error: unknown) => new CommandError(`stopped, nothing accepted is lost: ${reasonOf(error)}`),
  );
  const app = await start(config, demo !== undefined, ended.reject);
  hangup?.use(await reloader(app, files));
  // Before anybody can know that it is ready and answer with a signal.
  const stop = stopOf(app, ended);
  stopOnSignal(stop);
  drain?.watch(app, stop);
  const http = app.http ? { http: urlOf(app.http) } : {};
  const ready = { ready: true, pid: process.pid, ...http, admin: urlOf(app.admin) };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  if (demo && app.http) process.stderr.write(demo.welcome(urlOf(app.http)));
  // Node.js would write it when the process ends in peace; one that is killed should start quickly too.
  flushCompileCache();
  const failed = await fault;
  if (failed) throw failed;
  await demo?.stop();
  drain?.report();
  // A Kafka client that still looks for its brokers would keep the process alive.
  setTimeout(() => process.exit(), LEFT_OPEN_MS).unref();
}

/** Stops in peace; called again it does nothing. */
function stopOf(app: App, ended: PromiseWithResolvers<void>): () => void {
  let isStopping = false;
  return () => {
    if (isStopping) return;
    isStopping = true;
    app.stop(AbortSignal.timeout(DRAIN_DEADLINE_MS)).then(ended.resolve, ended.reject);
  };
}

/** The same files once more, with the environment that the process was given. */
async function reloader(app: App, files: ConfigFiles): Promise<() => void> {
  const { loadFiles } = await import('../config/load.ts');
  const { readEnvironment } = await import('../config/environment.ts');
  return () => {
    app.reload(() => loadFiles(files, readEnvironment()));
  };
}

async function start(config: Config, isDemo: boolean, onFatal: (error: Error) => void): Promise<App> {
  const [{ startApp }, { createLogger }, { watchLoop }, { secretsOf }, { VERSION }] = await Promise.all([
    import('../app.ts'),
    import('../telemetry/logger.ts'),
    import('../telemetry/loop-watch.ts'),
    import('../config/secrets.ts'),
    import('../config/version.ts'),
  ]);
  const logger = createLogger({ level: isDemo ? 'warn' : 'info', pretty: isDemo, version: VERSION });
  logger.redact(secretsOf(config));
  endOnCrash(logger);
  watchLoop(logger, () => performance.now());
  return startApp({ config, logger, onFatal }).catch((error: unknown) => {
    throw startFault(error);
  });
}

/** These say in their message what cannot be had and what to do; anything else is a bug. */
const EXPECTED_FAULTS = new Set(['LogError', 'ListenFault', 'FileFault']);

function startFault(error: unknown): unknown {
  return error instanceof Error && EXPECTED_FAULTS.has(error.name) ? new CommandError(error.message) : error;
}

/** Node would print the message of the error and the line of source, unmasked. */
function endOnCrash(logger: Logger): void {
  process.on('uncaughtException', (error) => {
    logger.error('crashed, nothing accepted is lost; please report it', { ...crashFields(error) });
    process.exit(1);
  });
}

/** Of a bug only where it is: its message may quote an event. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && EXPECTED_FAULTS.has(error.name)) return error.message;
  const { type, frames } = crashFields(error);
  return `unexpected ${type}, please report it: ${frames.join(' < ')}`;
}
