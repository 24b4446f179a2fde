/** The one way to a Kafka cluster: kafkajs, patched, with its log lines told to us, its waits bounded and its secrets fresh. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import { systemClock } from '../../model/time.ts';
import { patchFetch } from './abort-patch.ts';
import { registerCodecs } from './codecs.ts';
import { patchCommit } from './commit-patch.ts';
import { patchConnect } from './connection-patch.ts';
import { patchHeartbeat } from './coordinator-patch.ts';
import { newRawCluster, type RawCluster } from './internals.ts';
import { patchJoin } from './join-patch.ts';
import type { KafkaConnection, KafkaSasl, KafkaTls } from './options.ts';
import { patchRequestTimer } from './timer-patch.ts';
import { createTokenSource } from './token.ts';

const { Kafka: KafkaOfKafkajs, logLevel } = kafkajs;

export type TellLevel = 'error' | 'warn' | 'info' | 'debug';

/** Takes one line of what kafkajs has to say: never a record's content, never a secret. */
export type Tell = (level: TellLevel, message: string) => void;

export interface KafkaClient {
  readonly kafka: Kafka;
  /** As configured. */
  readonly brokers: readonly string[];
  /** A cluster of its own, reading committed records; whoever takes it connects and disconnects it. */
  newCluster(): RawCluster;
}

/** A handshake with TLS over a continent is under a second; kafkajs' own 1 s is not enough for a broker under load. */
const CONNECT_TIMEOUT_MS = 5_000;
/** SCRAM takes three round trips and some thousand hashes. */
const LOGIN_TIMEOUT_MS = 10_000;
/** Half of kafkajs' own: a frozen coordinator is found out well before a member's session ends. */
const REQUEST_TIMEOUT_MS = 15_000;
/**
 * 0.1 s, doubled up to 2 s, eight times: ten seconds in all. A coordinator that loads, or moves with a broker that went,
 * is back in less.
 */
const RETRY = { initialRetryTime: 100, maxRetryTime: 2_000, multiplier: 2, factor: 0.2, retries: 8 };

/** Throws when kafkajs is not the version that the patches were made for, or a file of `ssl` cannot be read. */
export function createKafkaClient(connection: KafkaConnection, tell: Tell): KafkaClient {
  patchRequestTimer();
  patchConnect();
  patchJoin();
  patchCommit();
  patchHeartbeat();
  patchFetch();
  registerCodecs();
  const config: KafkaConfig = {
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: LOGIN_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: RETRY,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => tellEntry(entry, tell),
  };
  if (connection.ssl !== null) config.ssl = tlsOptions(connection.ssl);
  if (connection.sasl !== null) config.sasl = saslOptions(connection.sasl);
  const kafka = new KafkaOfKafkajs(config);
  return { kafka, brokers: connection.brokers, newCluster: () => newRawCluster(kafka) };
}

function tlsOptions(tls: KafkaTls): ConnectionOptions {
  const options: ConnectionOptions = { rejectUnauthorized: tls.rejectUnauthorized };
  if (tls.caFile !== undefined) options.ca = readFileSync(tls.caFile);
  if (tls.certFile !== undefined) options.cert = readFileSync(tls.certFile);
  if (tls.keyFile !== undefined) options.key = readFileSync(tls.keyFile);
  if (tls.passphrase !== undefined) options.passphrase = tls.passphrase;
  if (tls.serverName !== undefined) options.servername = tls.serverName;
  return options;
}

/** kafkajs reads `password` at each login: as a getter it is the secret of that moment. */
function saslOptions(sasl: KafkaSasl): SASLOptions {
  if (sasl.mechanism === 'oauthbearer') {
    return {
      mechanism: 'oauthbearer',
      oauthBearerProvider: createTokenSource(sasl, systemClock.monotonicMs),
    };
  }
  return {
    mechanism: sasl.mechanism,
    username: sasl.username,
    get password() {
      return sasl.readPassword();
    },
  };
}

/** Told once by each process that makes a producer, about versions before ours. */
const PARTITIONER_NOTE = 'KafkaJS v2.0.0 switched default partitioner';

/** What a rebalance looks like to kafkajs: errors, though they are how a group works. */
const EVERYDAY =
  /rebalancing|not aware of this member|generation id|valid member id|correct coordinator|coordinator is (?:loading|not available)/i;

/** kafkajs repeats what it calls errors, and whoever called learns when it gives up: they are warnings here. */
const LEVELS: Readonly<Record<number, TellLevel>> = {
  [logLevel.ERROR]: 'warn',
  [logLevel.WARN]: 'warn',
  [logLevel.INFO]: 'debug',
};

/** Of what kafkajs adds to a line: where and about whom, nothing that a record or a login holds. */
const TOLD = ['broker', 'groupId', 'topic', 'partition', 'error', 'retryCount'] as const;

function tellEntry({ namespace, level, log }: LogEntry, tell: Tell): void {
  const message = String(log.message).split('\n', 1)[0] ?? '';
  if (message.startsWith(PARTITIONER_NOTE)) return;
  const extras = TOLD.flatMap((name) => {
    const value: unknown = log[name];
    return typeof value === 'string' || typeof value === 'number' ? `${name}=${value}` : [];
  });
  const where = extras.length > 0 ? ` (${extras.join(' ')})` : '';
  const isEveryday = EVERYDAY.test(message) || EVERYDAY.test(String(log.error ?? ''));
  tell(
    isEveryday ? 'debug' : (LEVELS[level] ?? 'debug'),
    `kafkajs${namespace ? ` ${namespace}` : ''}: ${message}${where}`,
  );
}
