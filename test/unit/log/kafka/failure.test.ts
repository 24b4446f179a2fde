/** kafkajs' errors as the log's own: which recover by themselves, and what the line tells whoever must act. */
import kafkajs from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { UnreadableBatch } from '../../../../src/log/kafka/codecs.ts';
import { logErrorOf, protocolErrorOf } from '../../../../src/log/kafka/failure.ts';
import { LogError } from '../../../../src/log/log-error.ts';

const errors = kafkajs as unknown as Record<string, new (...args: unknown[]) => Error>;

function make(name: string, ...args: unknown[]): Error {
  const Made = errors[name];
  if (!Made) throw new Error(`kafkajs has no ${name}`);
  return new Made(...args);
}

const protocol = (type: string, retriable = true) =>
  make('KafkaJSProtocolError', { type, message: `the broker says ${type}`, code: 1, retriable });

const gaveUp = (cause: Error) =>
  make('KafkaJSNumberOfRetriesExceeded', cause, { retryCount: 5, retryTime: 100 });

const connection = (code: string) =>
  make('KafkaJSConnectionError', `Connection error: it is ${code}`, { broker: 'k1:9092', code });

describe('the code', () => {
  test.each([
    [
      'a refused connection',
      connection('ECONNREFUSED'),
      'log_unavailable',
      /no answer from k1:9092 \(ECONNREFUSED\)/,
    ],
    ['a name that does not resolve', connection('ENOTFOUND'), 'log_unavailable', /k1:9092 \(ENOTFOUND\)/],
    ['an unknown authority', connection('SELF_SIGNED_CERT_IN_CHAIN'), 'log_unusable', /set ssl\.caFile/],
    ['another name', connection('ERR_TLS_CERT_ALTNAME_INVALID'), 'log_unusable', /set ssl\.serverName/],
    ['an expired certificate', connection('CERT_HAS_EXPIRED'), 'log_unusable', /renew/],
    [
      'a client without a certificate',
      connection('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'),
      'log_unusable',
      /ssl\.certFile/,
    ],
    [
      'a refused login',
      make('KafkaJSSASLAuthenticationError', 'no'),
      'log_unusable',
      /the login was refused \(no\)/,
    ],
    [
      'a missing permission',
      protocol('TOPIC_AUTHORIZATION_FAILED', false),
      'log_unusable',
      /not authorized for the topic/,
    ],
    ['a missing topic', protocol('UNKNOWN_TOPIC_OR_PARTITION'), 'log_unavailable', /the topic is not there/],
    ['too few replicas', protocol('NOT_ENOUGH_REPLICAS'), 'log_unavailable', /min\.insync\.replicas/],
    ['a loading coordinator', protocol('GROUP_LOAD_IN_PROGRESS'), 'log_unavailable', /still loading/],
    ['too large a message', protocol('MESSAGE_TOO_LARGE', false), 'log_oversized', /max\.message\.bytes/],
    [
      'an unknown codec',
      make('KafkaJSNotImplemented', 'Snappy compression not implemented'),
      'log_unusable',
      /Snappy .*compression\.type/,
    ],
    ['a batch that inflates', new UnreadableBatch('a batch inflates'), 'log_unusable', /a batch inflates/],
    ['anything else', new TypeError('of kafkajs’ own'), 'log_unavailable', /of kafkajs’ own/],
  ] as const)('of %s', (_name, error, code, message) => {
    const direct = logErrorOf(error, 'producing to t');
    expect(direct).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(direct.message).toMatch(/^producing to t: [^\n]+$/);
    const wrapped = logErrorOf(gaveUp(error), 'producing to t');
    expect(wrapped.message).toBe(direct.message);
    expect(wrapped.code).toBe(code);
  });
});

test('of an error that stands for several, the first counts', () => {
  const several = make('KafkaJSAggregateError', 'Topic creation errors', [
    protocol('POLICY_VIOLATION', false),
  ]);
  expect(logErrorOf(several, 'creating t')).toMatchObject({
    code: 'log_unusable',
    message: expect.stringMatching(/a policy of the brokers forbids it/),
  });
  expect(protocolErrorOf(several)).toBe('POLICY_VIOLATION');
});

test('a log error goes through as it is, however deep it stands', () => {
  const own = new LogError('log_closing', 'closing');
  expect(logErrorOf(own, 'x')).toBe(own);
  expect(logErrorOf(gaveUp(Object.assign(new Error('outer'), { cause: own })), 'x')).toBe(own);
});

test('only the first line of a message is told', () => {
  expect(logErrorOf(new Error('first\n  at second'), 'x').message).toBe('x: first');
});

test('an error that is its own cause ends', () => {
  const error: Error & { cause?: unknown } = new Error('round');
  error.cause = error;
  expect(logErrorOf(error, 'x').message).toBe('x: round');
});

test('the protocol’s name is found through what kafkajs wraps around it', () => {
  expect(protocolErrorOf(gaveUp(protocol('ILLEGAL_GENERATION')))).toBe('ILLEGAL_GENERATION');
  expect(protocolErrorOf(new Error('none'))).toBeUndefined();
});
