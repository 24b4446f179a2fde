/** A real Apache Kafka on loopback: one broker or three, each to be stopped, killed, frozen and started again. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '../tls.ts';
import { fetchKafka } from './jars.ts';
import { createNode, type KafkaNode } from './node.ts';
import type { NodePorts, SecureListener } from './properties.ts';
import { clusterReady, nodeReady } from './ready.ts';

export type { KafkaNode } from './node.ts';

type Properties = Readonly<Record<string, string>>;

export interface KafkaStart {
  readonly brokers?: 1 | 3;
  /** Added to each broker's `server.properties`; as a function, of the ports that were found free. */
  readonly properties?: Properties | ((ports: readonly NodePorts[]) => Properties);
  /** A second listener: SASL (PLAIN, SCRAM, OAUTHBEARER with unsigned tokens) over TLS, with these users. */
  readonly secure?: { readonly users: Readonly<Record<string, string>> };
  /** Default 512. */
  readonly heapMb?: number;
  /** Outlives this process. */
  readonly detached?: boolean;
}

export interface KafkaCluster {
  /** `host:port` of every broker. */
  readonly brokers: string[];
  readonly secureBrokers: string[];
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

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function portsOf(brokers: number): Promise<NodePorts[]> {
  const ports = await freePorts(brokers * 3);
  return Array.from({ length: brokers }, (_, i) => {
    const [plain = 0, controller = 0, secure = 0] = ports.slice(i * 3, i * 3 + 3);
    return { plain, controller, secure };
  });
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
  const { properties = {} } = start;
  const overrides = typeof properties === 'function' ? properties(ports) : properties;
  // One that begins with a dash is an option to the tool that formats the disks.
  const clusterId = `k${randomBytes(16).toString('base64url').slice(1)}`;
  const nodes = ports.map((_, i) =>
    createNode({
      nodeId: i + 1,
      ports,
      dataFolder: join(folder, `data-${i + 1}`),
      secure,
      overrides,
      folder,
      clusterId,
      heapMb: start.heapMb ?? 512,
      detached: start.detached ?? false,
    }),
  );
  const cluster = clusterOf(nodes, folder, keystore?.caFile ?? null);
  for (const node of nodes) node.start();
  try {
    await cluster.ready();
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

function clusterOf(nodes: readonly KafkaNode[], folder: string, caFile: string | null): KafkaCluster {
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
