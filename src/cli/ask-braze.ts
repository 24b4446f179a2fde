/** Asks Braze whether a destination's key is good and may do what is needed, without writing anything there. */
import { type BrazeClient, createBrazeClient, type NoAnswer, type Reply } from '../braze/client.ts';
import { permissionOf } from '../braze/endpoints.ts';
import type { DestinationConfig } from '../config/config.ts';
import { FileFault } from '../config/file-fault.ts';
import type { Endpoint } from '../model/operation.ts';
import type { DestinationSettings } from '../model/settings.ts';

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
export async function askBraze(destination: DestinationConfig): Promise<Verdict> {
  const { id, restEndpoint, readRestApiKey, settings } = destination;
  const say = (good: boolean, ...texts: string[]): Verdict => ({
    good,
    lines: texts.map((text) => `${good ? 'ok' : 'problem'}: destinations "${id}": ${text}`),
  });
  const client = createBrazeClient({ restEndpoint, readRestApiKey, maxSockets: 1, timeoutMs: TIMEOUT_MS });
  try {
    readRestApiKey();
    const faults = await askEndpoints(client, restEndpoint, endpointsFor(settings));
    return faults.length > 0 ? say(false, ...faults) : say(true, `${restEndpoint} takes the key`);
  } catch (error) {
    if (error instanceof FileFault) return say(false, error.message);
    throw error;
  } finally {
    client.close();
  }
}

/** Those that a destination with these settings is sent to, and no others. */
function endpointsFor(settings: DestinationSettings): Endpoint[] {
  const { aliasCall, linkCall, enableSubscriptionGroupInGroupCall } = settings;
  const merges = aliasCall === 'merge' || linkCall === 'auto';
  return [
    '/users/track',
    '/users/identify',
    ...(aliasCall === 'merge' ? [] : (['/users/alias/new'] as const)),
    ...(merges ? (['/users/merge'] as const) : []),
    ...(enableSubscriptionGroupInGroupCall === true ? (['/v2/subscription/status/set'] as const) : []),
  ];
}

async function askEndpoints(
  client: BrazeClient,
  origin: string,
  endpoints: readonly Endpoint[],
): Promise<string[]> {
  const faults: string[] = [];
  for (const path of endpoints) {
    const fault = judge(await client.post(path, '{}'), { origin, path, permission: permissionOf(path) });
    if (fault === null) continue;
    faults.push(fault.text);
    if (fault.isOfAll) break;
  }
  return faults;
}

interface EndpointFault {
  readonly text: string;
  /** The other endpoints would say the same. */
  readonly isOfAll: boolean;
}

interface Asked {
  readonly origin: string;
  readonly path: string;
  readonly permission: string;
}

/** null: this is what a good key gets. */
function judge(reply: Reply, asked: Asked): EndpointFault | null {
  const { origin, path, permission } = asked;
  const ofAll = (text: string): EndpointFault => ({ text, isOfAll: true });
  if ('failure' in reply) return ofAll(`${origin} cannot be reached: ${networkWords(reply)}`);
  switch (reply.status) {
    case 400:
      return null;
    case 401:
      return ofAll(
        `${origin} does not take the key (401): it is wrong, or belongs to another instance; compare dataCenter or restEndpoint with the address of your Braze dashboard`,
      );
    case 403: {
      const text = `the key lacks the permission ${permission} (403 for ${path}): give the key this permission in Braze, API keys`;
      return { text, isOfAll: false };
    }
    case 404:
      return ofAll(`${origin} has no ${path} (404): this is not the host of Braze's REST API`);
    default:
      return ofAll(
        `${origin}${path} answered ${reply.status}, expected 400: nothing can be said about the key`,
      );
  }
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

function networkWords({ failure, message }: NoAnswer): string {
  return NETWORK_WORDS[failure] ?? `${message} (${failure})`;
}
