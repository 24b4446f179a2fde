/** One broker process: formatted once, then started, stopped, killed and frozen on the same ports and data. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KAFKA_CLASS_PATH } from './jars.ts';
import { type NodeSettings, serverProperties } from './properties.ts';

/** Started brokers that nobody ended: ended with this process. */
const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

export interface KafkaNode {
  readonly nodeId: number;
  /** `host:port` without TLS and without a password. */
  readonly address: string;
  /** `host:port` of SASL over TLS; the listener is there when the cluster was started with `secure`. */
  readonly secureAddress: string;
  /** Null when it does not run. */
  readonly pid: number | null;
  /** Starts the process, on the same ports and data as before; it is not ready yet. */
  start(): void;
  /** SIGTERM: it hands over its leaderships. Resolves when it has ended. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
  /** SIGSTOP: its connections stay open and nothing answers. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** What it wrote so far; almost nothing, since the jars carry no logging back end. */
  output(): string;
}

export interface NodeOptions extends NodeSettings {
  readonly folder: string;
  readonly clusterId: string;
  readonly heapMb: number;
  /** Outlives this process. */
  readonly detached: boolean;
}

function scramUsers(settings: NodeSettings): string[] {
  return Object.entries(settings.secure?.users ?? {}).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
}

function formatNode(options: NodeOptions, propertiesFile: string): void {
  const tool = ['-cp', KAFKA_CLASS_PATH, 'kafka.tools.StorageTool', 'format'];
  const args = ['-t', options.clusterId, '-c', propertiesFile, ...scramUsers(options)];
  execFileSync('java', ['-XX:TieredStopAtLevel=1', ...tool, ...args], { stdio: 'pipe' });
}

/** Below everything that is measured beside it; `nice` becomes the broker, so that the pid is its own. */
const NICENESS = '10';

function spawnNode(options: NodeOptions, propertiesFile: string, outputFile: string): ChildProcess {
  const output = openSync(outputFile, 'a');
  const java = ['java', `-Xmx${options.heapMb}m`, '-XX:+UseSerialGC', '-cp', KAFKA_CLASS_PATH];
  const child = spawn('nice', ['-n', NICENESS, ...java, 'kafka.Kafka', propertiesFile], {
    stdio: ['ignore', output, output],
    cwd: options.folder,
    detached: options.detached,
  });
  closeSync(output);
  if (options.detached) child.unref();
  else alive.add(child);
  return child.on('exit', () => alive.delete(child));
}

/** Formats the data folder; the process is not started yet. */
export function createNode(options: NodeOptions): KafkaNode {
  const ports = options.ports[options.nodeId - 1];
  const propertiesFile = join(options.folder, `server-${options.nodeId}.properties`);
  const outputFile = join(options.folder, `server-${options.nodeId}.out`);
  writeFileSync(propertiesFile, serverProperties(options));
  formatNode(options, propertiesFile);
  let child: ChildProcess | null = null;
  const isRunning = () => child !== null && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (!child || !isRunning()) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    // A frozen process takes SIGTERM when it is woken.
    child.kill('SIGCONT');
    await exited;
  };
  return {
    nodeId: options.nodeId,
    address: `127.0.0.1:${ports?.plain}`,
    secureAddress: `127.0.0.1:${ports?.secure}`,
    get pid() {
      return isRunning() ? (child?.pid ?? null) : null;
    },
    start() {
      if (!isRunning()) child = spawnNode(options, propertiesFile, outputFile);
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    output: () => readFileSync(outputFile, 'utf8'),
  };
}
