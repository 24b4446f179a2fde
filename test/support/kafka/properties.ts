/** What a broker of the suites is started with: KRaft, loopback alone, and small numbers where they cost start-up time. */

export interface NodePorts {
  readonly plain: number;
  readonly controller: number;
  readonly secure: number;
  /** A second listener without TLS and without a password, that tells its clients to come to `relay`. */
  readonly relayed: number;
  /** Nobody listens there: a relay's, in front of `relayed`. */
  readonly relay: number;
}

export interface SecureListener {
  /** PEM: the key (PKCS 8) and its certificate. */
  readonly keystoreFile: string;
  readonly users: Readonly<Record<string, string>>;
}

export interface NodeSettings {
  readonly nodeId: number;
  /** Of all nodes; this one's by `nodeId` − 1. */
  readonly ports: readonly NodePorts[];
  readonly dataFolder: string;
  readonly secure: SecureListener | undefined;
  readonly overrides: Readonly<Record<string, string>>;
}

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'];

const ORG = 'org.apache.kafka.common.security';

function secureProperties(secure: SecureListener): Record<string, string> {
  const logins = Object.entries(secure.users).map(([name, password]) => `user_${name}="${password}"`);
  const scram = `${ORG}.scram.ScramLoginModule required;`;
  const jaas = (mechanism: string) => `listener.name.secure.${mechanism}.sasl.jaas.config`;
  return {
    'sasl.enabled.mechanisms': MECHANISMS.join(','),
    [jaas('plain')]: `${ORG}.plain.PlainLoginModule required ${logins.join(' ')};`,
    [jaas('scram-sha-256')]: scram,
    [jaas('scram-sha-512')]: scram,
    // Tokens without a signature, which Kafka takes where nothing else is configured: for tests alone.
    [jaas('oauthbearer')]:
      `${ORG}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    'listener.name.secure.ssl.keystore.type': 'PEM',
    'listener.name.secure.ssl.keystore.location': secure.keystoreFile,
  };
}

/** The text of `server.properties`. */
export function serverProperties(settings: NodeSettings): string {
  const { nodeId, ports, secure } = settings;
  const own = ports[nodeId - 1];
  if (!own) throw new Error(`no ports for node ${nodeId}`);
  const replicas = String(Math.min(3, ports.length));
  const listeners = [
    `PLAINTEXT://127.0.0.1:${own.plain}`,
    ...(secure ? [`SECURE://127.0.0.1:${own.secure}`] : []),
  ];
  const relayed = (port: number) => `RELAYED://127.0.0.1:${port}`;
  const protocols = 'PLAINTEXT:PLAINTEXT,RELAYED:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL';
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(nodeId),
    'controller.quorum.voters': ports.map((at, i) => `${i + 1}@127.0.0.1:${at.controller}`).join(','),
    listeners: [...listeners, relayed(own.relayed), `CONTROLLER://127.0.0.1:${own.controller}`].join(','),
    'advertised.listeners': [...listeners, relayed(own.relay)].join(','),
    'listener.security.protocol.map': protocols,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': settings.dataFolder,
    'auto.create.topics.enable': 'false',
    'default.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': '2',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': String(Math.min(2, ports.length)),
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '1',
    'group.initial.rebalance.delay.ms': '0',
    // Sessions of a second, for tests that wait until a member is given up.
    'group.min.session.timeout.ms': '1000',
    // Compaction is seen within a second instead of fifteen.
    'log.cleaner.backoff.ms': '500',
    'log.cleaner.dedupe.buffer.size': String(16 * 1024 * 1024),
    'num.network.threads': '2',
    'num.io.threads': '4',
    ...(secure ? secureProperties(secure) : {}),
    ...settings.overrides,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
