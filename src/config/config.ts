/** The configuration after checking: what every other part takes. Nothing here is raw or optional without meaning. */
import type { DestinationSettings } from '../model/settings.ts';
import type { AlertsConfig } from './alerts-settings.ts';
import type { TracingConfig } from './tracing-settings.ts';

/** What this process does: both halves, taking events (`ingest`), or delivering them (`worker`). */
export type Role = 'all' | 'ingest' | 'worker';

export interface Config {
  readonly role: Role;
  readonly http: HttpConfig;
  readonly admin: AdminConfig;
  readonly log: LogConfig;
  readonly deadLetters: DeadLettersConfig;
  readonly tracing: TracingConfig;
  readonly alerts: AlertsConfig;
  readonly sources: readonly SourceConfig[];
  /** Empty unless the log is Kafka's. */
  readonly subscriptions: readonly SubscriptionConfig[];
  readonly destinations: readonly DestinationConfig[];
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** Cap of one request's body after inflating, bytes. */
  readonly maxBodyBytes: number;
}

export interface AdminConfig {
  readonly host: string;
  readonly port: number;
  /** Path of the file with the bearer token; made at the first start in the data folder when not configured. */
  readonly tokenFile: string;
}

export type LogConfig = EmbeddedLogConfig | KafkaLogConfig;

export interface EmbeddedLogConfig {
  readonly kind: 'embedded';
  /** The data folder. */
  readonly path: string;
  readonly maxBytes: number;
  readonly retainHours: number;
}

export interface KafkaLogConfig {
  readonly kind: 'kafka';
  /** The data folder: nothing in it need survive. */
  readonly path: string;
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl: KafkaTls | null;
  readonly sasl: KafkaSasl | null;
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly requestTopic: string;
  readonly groupPrefix: string;
  readonly createTopics: boolean;
  /** This and the next two count for topics that are created. */
  readonly partitions: number;
  /** null: as the log chooses. */
  readonly replicationFactor: number | null;
  readonly retainHours: number;
  readonly compression: 'zstd' | 'gzip' | 'none';
  readonly sessionTimeoutMs: number;
}

/** Files are paths of PEM files that could be read when the configuration was loaded. */
export interface KafkaTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly passphrase?: string;
  readonly serverName?: string;
  readonly rejectUnauthorized: boolean;
}

/** A secret from a file is read anew at each call. Throws when the file cannot be read. */
export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly readPassword: () => string;
    }
  | {
      readonly mechanism: 'oauthbearer';
      readonly tokenEndpoint: string;
      readonly clientId: string;
      readonly readClientSecret: () => string;
      readonly scope: string | null;
    };

export interface SubscriptionConfig {
  /** A topic's name, or what a part of the name matches. */
  readonly topic: string | RegExp;
  /** Id of the source, which is enabled. */
  readonly source: string;
  /** What a record's value is: an event, an SDK's batch, or a list of events. */
  readonly format: 'event' | 'batch' | 'array';
  /** Path of the person by which the producer keys its records; null when it keys by something else. */
  readonly key: string | null;
  /** Where reading begins when the topic is new here; a number is a time, ms since the epoch. */
  readonly start: 'earliest' | 'latest' | number;
}

/** Beyond either the oldest dead letters are dropped. */
export interface DeadLettersConfig {
  readonly retainDays: number;
  readonly maxBytes: number;
}

export interface SourceConfig {
  readonly id: string;
  /** One, or two while a key is being rotated; none when its events come by subscriptions alone. */
  readonly writeKeys: readonly string[];
  readonly enabled: boolean;
  /** Ids of the destinations it delivers to; null means all. */
  readonly destinations: readonly string[] | null;
}

export interface DestinationConfig {
  readonly id: string;
  /** Origin of Braze's REST API without a trailing slash, e.g. `https://rest.fra-01.braze.eu`. */
  readonly restEndpoint: string;
  /** The key as it is now: a key from a file is read anew at each call. Throws when the file cannot be read. */
  readonly readRestApiKey: () => string;
  /** Where this destination begins in the log when it is new. */
  readonly start: 'beginning' | 'end';
  /** Requests allowed per window, per endpoint class. */
  readonly rateLimit: { readonly requests: number; readonly perSeconds: number };
  readonly concurrency: { readonly start: number; readonly max: number };
  readonly lingerMs: number;
  readonly identifyQuietMs: number;
  readonly poisonAfterMs: number;
  readonly requestTimeoutMs: number;
  /** How old an accepted event may become undelivered; null: as old as it takes. */
  readonly maxAgeMs: number | null;
  /** What becomes of events and purchases of which nobody knows whether Braze counted them. */
  readonly uncertain: 'resend' | 'hold';
  /** `combined`: 75 objects of all kinds in a track request; `perArray`: 75 of each (legacy contracts). */
  readonly packing: 'combined' | 'perArray';
  /** What `supportDedup` remembers. */
  readonly dedup: { readonly maxPersons: number; readonly ttlHours: number; readonly persist: boolean };
  /** What the transformers need. */
  readonly settings: DestinationSettings;
}
