/** Finds the source of a request by its write key, from the Authorization header alone, before the body is read. */
import { hash, timingSafeEqual } from 'node:crypto';
import type { SourceConfig } from '../config/config.ts';
import { isRefusal, type Refusal } from './refusal.ts';

export type Authenticate = (authorization: string | undefined) => SourceConfig | Refusal;

const BASIC = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i;

const UNAUTHORIZED: Refusal = {
  status: 401,
  code: 'unauthorized',
  message: 'expected "Authorization: Basic base64(<write key>:)" with the write key of a source',
  headers: { 'WWW-Authenticate': 'Basic realm="brazier", charset="UTF-8"' },
};
const DISABLED: Refusal = {
  status: 404,
  code: 'source_disabled',
  message: 'the source of this write key is disabled',
};

/** A sender's header is the same each time; a password of its own for each request shall not fill the memory. */
const MAX_LET_IN = 1_000;

/**
 * Credentials that were let in are known by their text from then on. All others are compared with every key of every source,
 * each time, in constant time: how long it takes tells nothing about the keys. Both sides are hashed, which makes their
 * lengths equal.
 */
export function createAuthenticate(sources: readonly SourceConfig[]): Authenticate {
  const find = createFind(sources);
  const letIn = new Map<string, SourceConfig>();
  return (authorization = '') => {
    const known = letIn.get(authorization);
    if (known !== undefined) return known;
    const found = find(authorization);
    if (isRefusal(found)) return found;
    if (letIn.size === MAX_LET_IN) letIn.clear();
    letIn.set(authorization, found);
    return found;
  };
}

function createFind(sources: readonly SourceConfig[]): (authorization: string) => SourceConfig | Refusal {
  const keys = sources.flatMap((source) =>
    source.writeKeys.map((writeKey) => ({ source, digest: digestOf(writeKey) })),
  );
  return (authorization) => {
    const writeKey = writeKeyOf(authorization);
    if (writeKey === undefined) return UNAUTHORIZED;
    const given = digestOf(writeKey);
    let found: SourceConfig | undefined;
    for (const { source, digest } of keys) if (timingSafeEqual(digest, given)) found = source;
    if (found === undefined) return UNAUTHORIZED;
    return found.enabled ? found : DISABLED;
  };
}

/** The user of the Basic credentials; the password is ignored, the colon is not. */
function writeKeyOf(authorization: string): string | undefined {
  const encoded = BASIC.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const credentials = Buffer.from(encoded, 'base64').toString();
  const colon = credentials.indexOf(':');
  return colon > 0 ? credentials.slice(0, colon) : undefined;
}

function digestOf(writeKey: string): Buffer {
  return hash('sha256', writeKey, 'buffer');
}
