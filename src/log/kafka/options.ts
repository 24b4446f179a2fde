/** What the Kafka log is told at its start: which cluster, as whom, which topics, and what it may do there. */
import type { LetterLimits } from '../letter-log.ts';
import type { ForeignTopics } from './attach.ts';
import type { KafkaSigns } from './signs.ts';
import type { DecodeForeign } from './subscription-codec.ts';

/** TLS; files are PEM and are read when the client is made. */
export interface KafkaTls {
  /** Certificates to trust instead of the system's. */
  readonly caFile?: string;
  /** The client's own certificate and key, for brokers that ask for one. */
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly passphrase?: string;
  /** The name to expect in the broker's certificate, when it is not the host's. */
  readonly serverName?: string;
  readonly rejectUnauthorized: boolean;
}

/** Secrets come through functions, called at each (re)authentication: a rotated file is read without a restart. */
export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly readPassword: () => string;
    }
  | {
      readonly mechanism: 'oauthbearer';
      /** Answers a client-credentials grant (RFC 6749, 4.4). */
      readonly tokenEndpoint: string;
      readonly clientId: string;
      readonly readClientSecret: () => string;
      readonly scope: string | null;
    };

export interface KafkaConnection {
  /** `host:port`, any of the cluster's. */
  readonly brokers: readonly string[];
  /** How the brokers name this process in their logs and quotas. */
  readonly clientId: string;
  readonly ssl: KafkaTls | null;
  readonly sasl: KafkaSasl | null;
}

export type KafkaCompression = 'none' | 'gzip' | 'zstd';

export interface KafkaLogOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly requestTopic: string;
  /** The group of a destination is `<groupPrefix>.<destination>`. */
  readonly groupPrefix: string;
  readonly createTopics: boolean;
  /** Of a topic that is created. */
  readonly partitions: number;
  /** Of a topic that is created; null: 3, or the number of brokers when there are fewer. */
  readonly replicationFactor: number | null;
  /** How long a topic that is created keeps its records. */
  readonly retainHours: number;
  readonly compression: KafkaCompression;
  /** Of the groups' members: who is not heard of for so long has lost its partitions. Default: 45 s. */
  readonly sessionTimeoutMs?: number;
  /** Topics of others that the groups read beside the log's own, and what their messages are as records. */
  readonly direct?: ForeignTopics & { readonly decode: DecodeForeign };
  readonly letters: LetterLimits;
  /** How long a (source, messageId) is remembered. */
  readonly guardMs: number;
  /** How long a rebalance waits for what is under way to end. */
  readonly revokeMs: number;
  now(): number;
  readonly signs: KafkaSigns;
  /** Reading has ended and will not go on by itself: the process must end. */
  onFatal(error: Error): void;
  /** One line in plain words for whoever operates it. */
  onWarning(message: string): void;
  /** What the client itself has to say. */
  tell(level: 'error' | 'warn' | 'info' | 'debug', message: string): void;
}

/** 10 s: less than half of the group's rebalance timeout, so that a slow drain never costs the membership. */
export const REVOKE_MS = 10_000;
