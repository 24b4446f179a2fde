/** Access tokens for SASL OAUTHBEARER, by a client-credentials grant, kept until shortly before they expire. */
import got, { RequestError } from 'got';
import { isObject, type Json } from '../../model/json.ts';
import type { KafkaSasl } from './options.ts';

type OauthOptions = Extract<KafkaSasl, { mechanism: 'oauthbearer' }>;

/** kafkajs gives a login 10 s in all (`authenticationTimeout`). */
const REQUEST_TIMEOUT_MS = 8_000;

/** A token is new for this part of its life: the broker checks it a little later than it is fetched. */
const USED_FOR = 0.8;

/** For an endpoint that does not say how long (RFC 6749, 5.1: `expires_in` is only recommended). */
const UNKNOWN_LIFE_SECONDS = 60;

/** kafkajs tries again where `retriable` says so, and gives up at once where it does not. */
export class TokenFailure extends Error {
  readonly retriable: boolean;

  constructor(message: string, retriable: boolean) {
    super(message);
    this.name = 'TokenFailure';
    this.retriable = retriable;
  }
}

interface Token {
  readonly value: string;
  /** Of the caller's clock. */
  readonly useUntil: number;
}

/** RFC 6749, 2.3.1: both parts form-encoded before they are joined. */
function basicAuth({ clientId, readClientSecret }: OauthOptions): string {
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(readClientSecret())}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function tokenOf(body: Json, now: number): Token | undefined {
  if (!isObject(body) || typeof body.access_token !== 'string') return undefined;
  const seconds = Number(body.expires_in ?? UNKNOWN_LIFE_SECONDS);
  return { value: body.access_token, useUntil: now + seconds * 1000 * USED_FOR };
}

async function fetchToken(options: OauthOptions, now: () => number): Promise<Token> {
  const { tokenEndpoint, scope } = options;
  const form = { grant_type: 'client_credentials', ...(scope === null ? {} : { scope }) };
  const asked = now();
  try {
    const body = await got
      .post(tokenEndpoint, {
        form,
        headers: { authorization: basicAuth(options) },
        retry: { limit: 0 },
        followRedirect: false,
        timeout: { request: REQUEST_TIMEOUT_MS },
      })
      .json<Json>();
    const token = tokenOf(body, asked);
    if (token) return token;
  } catch (error) {
    throw refusalOf(error, tokenEndpoint);
  }
  throw new TokenFailure(`${tokenEndpoint} answered without an access_token`, false);
}

function refusalOf(error: unknown, endpoint: string): TokenFailure {
  const status = error instanceof RequestError ? error.response?.statusCode : undefined;
  const why = status === undefined ? (error as Error).message : `status ${status}`;
  const isFinal = status !== undefined && status < 500 && status !== 429;
  return new TokenFailure(`no access token from ${endpoint} (${why})`, !isFinal);
}

/**
 * Gives the same token to all that ask until most of its life is over; calls at the same time share one request.
 * @param now ms of a clock that never goes back
 */
export function createTokenSource(
  options: OauthOptions,
  now: () => number,
): () => Promise<{ value: string }> {
  let token: Token | undefined;
  let running: Promise<Token> | undefined;
  return async () => {
    if (token && now() < token.useUntil) return token;
    running ??= fetchToken(options, now).finally(() => {
      running = undefined;
    });
    token = await running;
    return token;
  };
}
