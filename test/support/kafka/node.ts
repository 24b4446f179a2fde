/** One broker process: its disk is formatted once, then it is started, stopped, killed and frozen on the same ports and data. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, cpSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KAFKA_ARCHIVE, KAFKA_CLASS_PATH } from './jars.ts';
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
  /** Soon ready rather than fast under a load that lasts. */
  readonly isQuick: boolean;
  readonly jvmFlags: readonly string[];
}

/** `java` with the jars. Quick: the first of its two compilers alone; what the second one wins, a test never earns back. */
export function javaArgs({ isQuick = true, flags = [] as readonly string[] } = {}): string[] {
  const archive = existsSync(KAFKA_ARCHIVE) ? [`-XX:SharedArchiveFile=${KAFKA_ARCHIVE}`] : [];
  const compiler = isQuick ? ['-XX:TieredStopAtLevel=1'] : [];
  return ['-XX:+UseSerialGC', ...compiler, ...archive, ...flags, '-cp', KAFKA_CLASS_PATH];
}

function scramUsers(settings: NodeSettings): string[] {
  return Object.entries(settings.secure?.users ?? {}).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
}

const propertiesOf = ({ folder, nodeId }: NodeOptions) => join(folder, `server-${nodeId}.properties`);

/** Gives the nodes of one cluster their disks: the first by Kafka's tool, which is a JVM's start, the others after its model. */
export async function formatNodes(nodes: readonly NodeOptions[]): Promise<void> {
  const [first, ...others] = nodes;
  if (!first) return;
  for (const node of nodes) writeFileSync(propertiesOf(node), serverProperties(node));
  const tool = ['kafka.tools.StorageTool', 'format', '-t', first.clusterId, '-c', propertiesOf(first)];
  await promisify(execFile)('java', [...javaArgs(), ...tool, ...scramUsers(first)]);
  for (const other of others) {
    cpSync(first.dataFolder, other.dataFolder, { recursive: true });
    const file = join(other.dataFolder, 'meta.properties');
    const own = readFileSync(file, 'utf8')
      .replace(/^node\.id=.*$/m, `node.id=${other.nodeId}`)
      .replace(/^directory\.id=.*$/m, `directory.id=${randomBytes(16).toString('base64url')}`);
    writeFileSync(file, own);
  }
}

/** Below what is measured beside it, or as everybody else: what is tested waits for it. `nice` becomes the broker: the pid is its own. */
const niceness = ({ isQuick }: NodeOptions) => (isQuick ? '0' : '10');

function spawnNode(options: NodeOptions, outputFile: string): ChildProcess {
  const output = openSync(outputFile, 'a');
  const flags = [`-Xmx${options.heapMb}m`, ...options.jvmFlags];
  const java = ['java', ...javaArgs({ ...options, flags }), 'kafka.Kafka', propertiesOf(options)];
  const child = spawn('nice', ['-n', niceness(options), ...java], {
    stdio: ['ignore', output, output],
    cwd: options.folder,
    detached: options.detached,
  });
  closeSync(output);
  if (options.detached) child.unref();
  else alive.add(child);
  return child.on('exit', () => alive.delete(child));
}

/** The process is not started yet; its disk is given to it by `formatNodes`. */
export function createNode(options: NodeOptions): KafkaNode {
  const ports = options.ports[options.nodeId - 1];
  const outputFile = join(options.folder, `server-${options.nodeId}.out`);
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
      if (!isRunning()) child = spawnNode(options, outputFile);
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    output: () => readFileSync(outputFile, 'utf8'),
  };
}
