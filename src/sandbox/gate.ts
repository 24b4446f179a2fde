/** The way of a request through Braze's checks: path, key, permission, rate, size, JSON, then the endpoint's own rules. */
import type { RequestBody } from './body.ts';
import { isObject, type JsonObject } from './json.ts';
import { judgeAliasNew, judgeIdentify, judgeMerge } from './link-rules.ts';
import type { ObjectContext } from './object-rules.ts';
import type { RateClass, RateWindows } from './rate-windows.ts';
import { judgeSubscription } from './subscription-rules.ts';
import { judgeTrack, type Packing } from './track-rules.ts';
import { turnedAway, type Verdict } from './verdict.ts';
import type { Workspace } from './workspace.ts';

export interface GateOptions {
  /** Undefined: any key that is not empty is good. */
  readonly apiKey: string | undefined;
  /** What the key may do, e.g. `users.track`; undefined: everything. */
  readonly permissions: readonly string[] | undefined;
  readonly packing: Packing;
  readonly workspace: Workspace;
  readonly windows: RateWindows;
  readonly now: () => number;
}

export interface BrazeRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: RequestBody;
}

interface Endpoint {
  readonly permission: string;
  readonly rateClass: RateClass;
  readonly judge: (body: JsonObject, context: ObjectContext, packing: Packing) => Verdict;
}

const ENDPOINTS: ReadonlyMap<string, Endpoint> = new Map([
  ['/users/track', { permission: 'users.track', rateClass: 'track', judge: judgeTrack }],
  ['/users/identify', { permission: 'users.identify', rateClass: 'users', judge: judgeIdentify }],
  ['/users/alias/new', { permission: 'users.alias.new', rateClass: 'users', judge: judgeAliasNew }],
  ['/users/merge', { permission: 'users.merge', rateClass: 'users', judge: judgeMerge }],
  [
    '/v2/subscription/status/set',
    { permission: 'subscription.status.set', rateClass: 'subscription', judge: judgeSubscription },
  ],
]);

/** The names of what a key may do. */
export const PERMISSIONS: readonly string[] = [...ENDPOINTS.values()].map(({ permission }) => permission);

/** Seen on Braze's own 401: the headers are there, and empty. */
const EMPTY_RATE_HEADERS = { 'x-ratelimit-limit': '', 'x-ratelimit-remaining': '', 'x-ratelimit-reset': '' };

/** Judges one request; counts it in its rate window; changes nothing else. */
export function createGate(options: GateOptions): (request: BrazeRequest) => Verdict {
  return (request) => {
    const nowMs = options.now();
    const endpoint = request.method === 'POST' ? ENDPOINTS.get(request.path) : undefined;
    const key = bearerKey(request.authorization);
    if (endpoint !== undefined && !isGoodKey(key, options.apiKey)) {
      return withHeaders(turnedAway(401, `Invalid API key: ${key}`), EMPTY_RATE_HEADERS);
    }
    const verdict = endpoint === undefined ? turnedAway(404, 'Invalid URL') : admit(endpoint, request, nowMs);
    return withHeaders(verdict, options.windows.headers(endpoint?.rateClass ?? 'track', nowMs));
  };

  function admit(endpoint: Endpoint, { body }: BrazeRequest, nowMs: number): Verdict {
    const { permissions, windows, packing, workspace } = options;
    if (permissions !== undefined && !permissions.includes(endpoint.permission)) {
      return turnedAway(403, 'Access Denied');
    }
    if (!windows.take(endpoint.rateClass, nowMs)) return turnedAway(429, 'Too Many Requests');
    if (body.text === undefined) return turnedAway(413, 'Request Entity Too Large');
    if (body.problem !== undefined) return turnedAway(400, body.problem);
    if (!isObject(body.json)) return turnedAway(400, 'The body must be a JSON object');
    return endpoint.judge(body.json, { nowMs, bodyBytes: body.bytes, workspace }, packing);
  }
}

function bearerKey(authorization: string | undefined): string {
  return /^Bearer +(.*\S) *$/i.exec(authorization ?? '')?.[1] ?? '';
}

function isGoodKey(key: string, apiKey: string | undefined): boolean {
  return apiKey === undefined ? key !== '' : key === apiKey;
}

function withHeaders(verdict: Verdict, headers: Readonly<Record<string, string>>): Verdict {
  return { reply: { ...verdict.reply, headers }, changes: verdict.changes };
}
