/** A real Apache Kafka on loopback: one broker or three, each to be stopped, killed, frozen and started again. */
import { execFileSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '../tls.ts';
import { fetchKafka, KAFKA_ARCHIVE } from './jars.ts';
import { createNode, formatNodes, type KafkaNode, type NodeOptions } from './node.ts';
import type { NodePorts, SecureListener } from './properties.ts';
import { clusterReady, nodeReady } from './ready.ts';

export type { KafkaNode } from './node.ts';

export interface KafkaStart {
  readonly brokers?: 1 | 3;
  /** Added to each broker's `server.properties`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** A second listener: SASL (PLAIN, SCRAM, OAUTHBEARER with unsigned tokens) over TLS, with these users. */
  readonly secure?: { readonly users: Readonly<Record<string, string>> };
  /** Default 512. */
  readonly heapMb?: number;
  /** Soon ready rather than fast under a load that lasts. Default: in tests, not in benchmarks. */
  readonly isQuick?: boolean;
  readonly jvmFlags?: readonly string[];
  /** Outlives this process. */
  readonly detached?: boolean;
}

export interface KafkaCluster {
  /** `host:port` of every broker. */
  readonly brokers: string[];
  readonly secureBrokers: string[];
  /** Of the first broker: where a relay is to listen, and where it leads. */
  readonly relay: { readonly port: number; readonly to: number };
  readonly nodes: readonly KafkaNode[];
  /** Of the brokers that run. */
  readonly pids: number[];
  /** Certificate of the authority that signed the brokers'; null without `secure`. */
  readonly caFile: string | null;
  /** By id, which count from 1. */
  node(nodeId: number): KafkaNode;
  /** Starts a broker again and waits until it answers. */
  restart(nodeId: number): Promise<void>;
  /** Resolves when every broker runs, records can be written and groups be coordinated. */
  ready(): Promise<void>;
  /** Ends all brokers at once and removes their data. */
  stop(): Promise<void>;
}

/**
 * Below those that systems give to outgoing connections (Linux: from 32,768): a broker comes back to ports that nobody
 * took meanwhile. Each of Vitest's workers has a part of its own.
 */
const FIRST_PORT = 12_000;
const PORTS = 4_000;
const WORKERS = 5;

const given = new Set<number>();

async function freePort(): Promise<number> {
  const part = Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS;
  const port = FIRST_PORT + part * PORTS + randomInt(PORTS);
  if (given.has(port)) return freePort();
  given.add(port);
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return freePort();
  }
  await once(server.close(), 'close');
  return port;
}

async function portsOf(brokers: number): Promise<NodePorts[]> {
  const all: NodePorts[] = [];
  while (all.length < brokers) {
    const [plain, controller, secure] = [await freePort(), await freePort(), await freePort()];
    all.push({ plain, controller, secure, relayed: await freePort(), relay: await freePort() });
  }
  return all;
}

/** Kafka reads a key in PKCS 8 alone. */
function makeKeystore(folder: string): { keystoreFile: string; caFile: string } {
  const { caFile, good } = makeCertificates(folder);
  const pkcs8 = ['pkcs8', '-topk8', '-nocrypt', '-in', 'server.key'];
  const key = execFileSync('openssl', pkcs8, { cwd: folder, encoding: 'utf8' });
  const keystoreFile = join(folder, 'keystore.pem');
  writeFileSync(keystoreFile, `${key}${good.cert}${readFileSync(caFile, 'utf8')}`);
  return { keystoreFile, caFile };
}

/** A cluster of its own, ready to be used; whoever started it stops it. */
export async function startKafka(start: KafkaStart = {}): Promise<KafkaCluster> {
  await fetchKafka();
  const folder = mkdtempSync(join(tmpdir(), 'brazier-kafka-'));
  const keystore = start.secure && makeKeystore(folder);
  const secure: SecureListener | undefined = keystore &&
    start.secure && { keystoreFile: keystore.keystoreFile, users: start.secure.users };
  const ports = await portsOf(start.brokers ?? 1);
  // One that begins with a dash is an option to the tool that formats the disks.
  const clusterId = `k${randomBytes(16).toString('base64url').slice(1)}`;
  const options = ports.map(
    (_, i): NodeOptions => ({
      nodeId: i + 1,
      ports,
      dataFolder: join(folder, `data-${i + 1}`),
      secure,
      overrides: start.properties ?? {},
      folder,
      clusterId,
      heapMb: start.heapMb ?? 512,
      detached: start.detached ?? false,
      isQuick: start.isQuick ?? process.env.VITEST !== undefined,
      jvmFlags: start.jvmFlags ?? [],
    }),
  );
  const nodes = options.map(createNode);
  const [first] = ports;
  const cluster = clusterOf(nodes, {
    folder,
    caFile: keystore?.caFile ?? null,
    relay: { port: Number(first?.relay), to: Number(first?.relayed) },
  });
  try {
    await formatNodes(options);
    for (const node of nodes) node.start();
    await cluster.ready();
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

/** Makes the archive of the broker's classes, if there is none: by a broker that writes it when it ends. */
export async function archiveKafka(): Promise<void> {
  if (existsSync(KAFKA_ARCHIVE)) return;
  const file = `${KAFKA_ARCHIVE}.${randomInt(2 ** 40)}`;
  const kafka = await startKafka({ jvmFlags: [`-XX:ArchiveClassesAtExit=${file}`] });
  try {
    await kafka.node(1).stop();
    // A JVM that cannot make one goes without.
    if (existsSync(file)) renameSync(file, KAFKA_ARCHIVE);
  } finally {
    await kafka.stop();
  }
}

interface ClusterParts extends Pick<KafkaCluster, 'caFile' | 'relay'> {
  readonly folder: string;
}

function clusterOf(nodes: readonly KafkaNode[], { folder, caFile, relay }: ClusterParts): KafkaCluster {
  const node = (nodeId: number) => {
    const found = nodes[nodeId - 1];
    if (!found) throw new Error(`no broker ${nodeId}`);
    return found;
  };
  return {
    brokers: nodes.map(({ address }) => address),
    secureBrokers: nodes.map(({ secureAddress }) => secureAddress),
    nodes,
    get pids() {
      return nodes.flatMap(({ pid }) => pid ?? []);
    },
    caFile,
    relay,
    node,
    async restart(nodeId) {
      node(nodeId).start();
      await nodeReady(node(nodeId), nodes.filter(({ pid }) => pid !== null).length);
    },
    ready: () => clusterReady(nodes),
    async stop() {
      await Promise.all(nodes.map((each) => each.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
