/** Access tokens for SASL OAUTHBEARER, by a client-credentials grant, kept until shortly before they expire. */
import got, { RequestError } from 'got';
import { isObject, type Json } from '../../model/json.ts';
import type { KafkaSasl } from './options.ts';

type OauthOptions = Extract<KafkaSasl, { mechanism: 'oauthbearer' }>;

/**
 * Of one attempt, of which there are three within the 10 s that kafkajs gives a login: a broker takes a login that was
 * begun and not ended as an error of its own, so that a short fault of the endpoint must not get that far.
 */
const REQUEST_TIMEOUT_MS = 2_000;
const RETRIES = 2;

/** A token is taken anew when this part of its life is left, */
const LEFT = 0.2;
/**
 * or this much: kafkajs logs in again 10 s before a session ends, which is when its token does, and a broker refuses the
 * login of a session that is younger than a second.
 */
const LEFT_AT_LEAST_MS = 30_000;

/** For an endpoint that does not say how long (RFC 6749, 5.1: `expires_in` is only recommended). */
const UNKNOWN_LIFE_SECONDS = 60;

/** No token: for good (the secret is wrong), or for now. */
export class TokenFailure extends Error {
  readonly retriable: boolean;

  constructor(message: string, retriable: boolean) {
    super(message);
    // By this name kafkajs takes a new connection before it tries again.
    this.name = retriable ? 'KafkaJSConnectionError' : 'TokenFailure';
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
  const lifeMs = Number(body.expires_in ?? UNKNOWN_LIFE_SECONDS) * 1000;
  return { value: body.access_token, useUntil: now + lifeMs - Math.max(lifeMs * LEFT, LEFT_AT_LEAST_MS) };
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
        retry: { limit: RETRIES, methods: ['POST'] },
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
 * Gives the same token to all that ask until little of its life is left; calls at the same time share one request.
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
