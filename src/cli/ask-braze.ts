/** Asks Braze whether a destination's key is good and may do what is needed, without writing anything there. */
import got, { RequestError, type Response } from 'got';
import type { DestinationConfig } from '../config/config.ts';
import { FileFault } from '../config/file-fault.ts';

/** What Brazier sends and the permission of the REST API key that it takes (names as in Braze's console). */
const PERMISSIONS = [
  ['/users/track', 'users.track'],
  ['/users/identify', 'users.identify'],
  ['/users/alias/new', 'users.alias.new'],
] as const;

const TIMEOUT_MS = 10_000;

export interface Verdict {
  readonly good: boolean;
  /** For people, each naming the destination. */
  readonly lines: readonly string[];
}

/**
 * An empty object is refused by every endpoint (400), but only after the key was found good: 401 means the
 * key is not, 403 that this permission is missing. Resolves always.
 */
export async function askBraze({ id, restEndpoint, readRestApiKey }: DestinationConfig): Promise<Verdict> {
  const say = (good: boolean, ...texts: string[]): Verdict => ({
    good,
    lines: texts.map((text) => `${good ? 'ok' : 'problem'}: destinations "${id}": ${text}`),
  });
  let key: string;
  try {
    key = readRestApiKey();
  } catch (error) {
    if (error instanceof FileFault) return say(false, error.message);
    throw error;
  }
  const faults: string[] = [];
  for (const [path, permission] of PERMISSIONS) {
    const fault = await askEndpoint(restEndpoint, path, { permission, key });
    if (fault === null) continue;
    faults.push(fault.text);
    if (fault.isOfAll) break;
  }
  return faults.length > 0 ? say(false, ...faults) : say(true, `${restEndpoint} takes the key`);
}

interface EndpointFault {
  readonly text: string;
  /** The other endpoints would say the same. */
  readonly isOfAll: boolean;
}

async function askEndpoint(
  origin: string,
  path: string,
  { permission, key }: { permission: string; key: string },
): Promise<EndpointFault | null> {
  try {
    const reply = await got.post(`${origin}${path}`, {
      json: {},
      headers: { authorization: `Bearer ${key}` },
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      timeout: { request: TIMEOUT_MS },
    });
    return judge(reply, { origin, path, permission });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { text: `${origin} cannot be reached: ${networkWords(error)}`, isOfAll: true };
  }
}

function judge(
  { statusCode, headers }: Response,
  { origin, path, permission }: { origin: string; path: string; permission: string },
): EndpointFault | null {
  if (statusCode === 400) return null;
  if (statusCode === 401) {
    return {
      text: `${origin} does not know the key (401): it is wrong, or belongs to another instance; compare dataCenter or restEndpoint with the address of your Braze dashboard`,
      isOfAll: true,
    };
  }
  if (statusCode === 403) {
    return {
      text: `the key lacks the permission ${permission} (403 for ${path}): add it to the key in Braze's settings, API keys`,
      isOfAll: false,
    };
  }
  if (statusCode === 404) {
    return {
      text: `${origin} has no ${path} (404): this is not the host of Braze's REST API`,
      isOfAll: true,
    };
  }
  const to = headers.location === undefined ? '' : ' (a redirect)';
  return {
    text: `${origin}${path} answered ${statusCode}${to}, expected 400: try again later`,
    isOfAll: true,
  };
}

const NETWORK_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'there is no such host name (DNS)',
  EAI_AGAIN: 'the host name cannot be looked up now (DNS)',
  ETIMEDOUT: `no answer within ${TIMEOUT_MS / 1000} seconds`,
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by somebody unknown',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  EPROTO: 'it does not speak TLS',
};

function networkWords({ code, message }: RequestError): string {
  return NETWORK_WORDS[code] ?? `${message} (${code})`;
}
