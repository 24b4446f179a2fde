/** The configuration after checking: what every other part takes. Nothing here is raw or optional without meaning. */
import type { DestinationSettings } from '../model/settings.ts';

export interface Config {
  readonly http: HttpConfig;
  readonly admin: AdminConfig;
  readonly log: LogConfig;
  readonly deadLetters: DeadLettersConfig;
  readonly sources: readonly SourceConfig[];
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

export interface LogConfig {
  readonly kind: 'embedded';
  /** The data folder. */
  readonly path: string;
  readonly maxBytes: number;
  readonly retainHours: number;
}

/** Beyond either the oldest dead letters are dropped. */
export interface DeadLettersConfig {
  readonly retainDays: number;
  readonly maxBytes: number;
}

export interface SourceConfig {
  readonly id: string;
  /** One, or two while a key is being rotated. */
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
