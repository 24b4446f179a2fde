/** What went wrong with the brokers, from kafkajs' errors to the log's own: one line that says what, where and what to do. */
import { LogError, type LogErrorCode } from '../log-error.ts';
import { TokenFailure } from './token.ts';

/** What kafkajs' errors may carry. */
interface KafkaFailure {
  readonly name?: string;
  readonly message?: string;
  /** The protocol's name of the error, e.g. `NOT_ENOUGH_REPLICAS`. */
  readonly type?: string;
  /** Node's code of a failed connection, or the protocol's number. */
  readonly code?: string | number;
  readonly broker?: string;
  readonly cause?: unknown;
  /** Of an error that stands for several. */
  readonly errors?: readonly unknown[];
}

interface Meaning {
  readonly code: LogErrorCode;
  readonly text: string;
}

/** kafkajs wraps what it gave up on, at times in itself. */
function chainOf(error: unknown): KafkaFailure[] {
  const chain: KafkaFailure[] = [];
  let next = error;
  while (typeof next === 'object' && next !== null && !chain.includes(next)) {
    chain.push(next);
    const { cause, errors } = next as KafkaFailure;
    next = cause ?? errors?.[0];
  }
  return chain;
}

const firstLine = (text: string) => text.split('\n', 1)[0]?.trim() ?? '';

const ACL = 'the brokers do not allow it: give this user the ACLs that the documentation lists';

/** By the protocol's name of the error. */
const BY_TYPE: Readonly<Record<string, Meaning>> = {
  TOPIC_AUTHORIZATION_FAILED: { code: 'log_unusable', text: `not authorized for the topic: ${ACL}` },
  GROUP_AUTHORIZATION_FAILED: { code: 'log_unusable', text: `not authorized for the consumer group: ${ACL}` },
  CLUSTER_AUTHORIZATION_FAILED: { code: 'log_unusable', text: `not authorized for the cluster: ${ACL}` },
  UNKNOWN_TOPIC_OR_PARTITION: {
    code: 'log_unavailable',
    text: 'the topic is not there: create it, or check its name',
  },
  MESSAGE_TOO_LARGE: {
    code: 'log_oversized',
    text: 'larger than the topic takes: raise its max.message.bytes, or send less',
  },
  RECORD_LIST_TOO_LARGE: {
    code: 'log_oversized',
    text: 'larger than a segment of the topic: raise its segment.bytes, or send less',
  },
  NOT_ENOUGH_REPLICAS: {
    code: 'log_unavailable',
    text: 'fewer replicas are in sync than min.insync.replicas asks for: bring the missing brokers back',
  },
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: {
    code: 'log_unavailable',
    text: 'fewer replicas are in sync than min.insync.replicas asks for: bring the missing brokers back',
  },
  LEADER_NOT_AVAILABLE: {
    code: 'log_unavailable',
    text: 'a partition has no leader: bring its brokers back',
  },
  GROUP_LOAD_IN_PROGRESS: { code: 'log_unavailable', text: 'the coordinator is still loading' },
  UNSUPPORTED_VERSION: {
    code: 'log_unusable',
    text: 'the brokers are too old: Kafka 2.1 or newer is needed',
  },
  UNSUPPORTED_SASL_MECHANISM: {
    code: 'log_unusable',
    text: 'the brokers do not offer this SASL mechanism: check sasl.mechanism',
  },
  // After a login that broke off; the connection is made anew.
  ILLEGAL_SASL_STATE: { code: 'log_unavailable', text: 'a login was interrupted' },
  POLICY_VIOLATION: { code: 'log_unusable', text: 'a policy of the brokers forbids it' },
  INVALID_REPLICATION_FACTOR: {
    code: 'log_unusable',
    text: 'fewer brokers than replicas: lower replicationFactor, or add brokers',
  },
};

/** Node's codes of a handshake that failed, beside those of `CERT_…` and `ERR_SSL_…`. */
const TLS_CODES: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'EPROTO',
]);

const isTls = (code: unknown) =>
  TLS_CODES.has(code) || (typeof code === 'string' && /^(CERT_|ERR_SSL_|ERR_OSSL_)/.test(code));

function tlsAdvice(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'set ssl.serverName to a name in the certificate, or use that name as the host';
  }
  if (code === 'CERT_HAS_EXPIRED') return 'renew the brokers’ certificate';
  // The broker ended the handshake, as it does with a client that has no certificate where one is asked for.
  if (code === 'EPROTO' || code.includes('ALERT')) return 'check ssl.certFile and ssl.keyFile';
  return 'set ssl.caFile to the authority that signed the brokers’ certificate';
}

function tlsMeaning({ broker, code, message }: KafkaFailure): Meaning {
  const why = firstLine(message ?? '').replace(/^Connection error: /, '');
  return {
    code: 'log_unusable',
    text: `TLS with ${broker ?? 'the broker'} failed (${why}): ${tlsAdvice(String(code))}`,
  };
}

function connectionMeaning({ broker, code, message }: KafkaFailure): Meaning {
  const why = code ?? firstLine(message ?? '');
  return {
    code: 'log_unavailable',
    text: `no answer from ${broker ?? 'any broker'} (${why}): is Kafka running, and does this port expect TLS (ssl) or a login (sasl)?`,
  };
}

const COORDINATOR_AWAY = 'KafkaJSGroupCoordinatorNotFound';

/** By the class that kafkajs names in `name`. */
const BY_NAME: Readonly<Record<string, (failure: KafkaFailure) => Meaning>> = {
  KafkaJSSASLAuthenticationError: ({ message }) => ({
    code: 'log_unusable',
    text: `the login was refused (${firstLine(message ?? '')}): check sasl.mechanism, the user and the password`,
  }),
  [COORDINATOR_AWAY]: () => ({
    code: 'log_unavailable',
    text: 'no broker names the coordinator of the group: is Kafka running?',
  }),
  KafkaJSConnectionError: connectionMeaning,
  KafkaJSConnectionClosedError: connectionMeaning,
  KafkaJSRequestTimeoutError: connectionMeaning,
  KafkaJSNotImplemented: ({ message }) => ({
    code: 'log_unusable',
    text: `${firstLine(message ?? '')}: records compressed so cannot be read; set compression.type of the producer and the topic to zstd, gzip or none`,
  }),
  UnreadableBatch: ({ message }) => ({ code: 'log_unusable', text: firstLine(message ?? '') }),
  KafkaJSServerDoesNotSupportApiKey: ({ message }) => ({
    code: 'log_unusable',
    text: `the brokers are too old or too new (${firstLine(message ?? '')})`,
  }),
};

function tokenMeaning({ message, retriable }: TokenFailure): Meaning {
  return {
    code: retriable ? 'log_unavailable' : 'log_unusable',
    text: `${message}: check sasl.tokenEndpoint, the client's id and its secret`,
  };
}

function meaningOf(failure: KafkaFailure): Meaning | undefined {
  if (failure instanceof TokenFailure) return tokenMeaning(failure);
  if (isTls(failure.code)) return tlsMeaning(failure);
  return BY_TYPE[failure.type ?? ''] ?? BY_NAME[failure.name ?? '']?.(failure);
}

/** The protocol's name of the error, wherever kafkajs wrapped it; undefined when it is none of the protocol's. */
export function protocolErrorOf(error: unknown): string | undefined {
  return chainOf(error).find(({ type }) => typeof type === 'string')?.type;
}

/**
 * Not one broker answered who the group's coordinator is. It passes, though kafkajs says that it cannot be tried again: its
 * look-up swallows why each broker did not answer.
 */
export function isCoordinatorAway(error: unknown): boolean {
  return chainOf(error).some(({ name }) => name === COORDINATOR_AWAY);
}

/**
 * The log's error for whatever kafkajs threw: `log_unavailable` recovers by itself, `log_unusable` wants somebody's hand.
 * A `LogError` is given back as it is.
 * @param doing what failed, in words, e.g. `reading orders`
 */
export function logErrorOf(error: unknown, doing: string): LogError {
  const chain = chainOf(error);
  const own = chain.find((link) => link instanceof LogError);
  if (own instanceof LogError) return own;
  // The innermost says most: the outer ones are kafkajs giving up.
  const meaning = chain
    .toReversed()
    .map(meaningOf)
    .find((found) => found !== undefined);
  const { code, text } = meaning ?? {
    code: 'log_unavailable',
    text: firstLine(error instanceof Error ? error.message : String(error)),
  };
  return new LogError(code, `${doing}: ${text}`, { cause: error });
}
