/** The way of a request through Braze's checks: path, key, permission, rate, size, JSON, then the endpoint's own rules. */
import type { RequestBody } from './body.ts';
import type { Store } from './call.ts';
import { type Endpoint, findRoute, type Route } from './endpoints.ts';
import { isObject } from './json.ts';
import type { RateClass, RateWindows } from './rate-windows.ts';
import type { Packing } from './track-rules.ts';
import { turnedAway, type Verdict } from './verdict.ts';
import type { Workspace } from './workspace.ts';

export interface GateOptions {
  /** Undefined: any key that is not empty is good. */
  readonly apiKey: string | undefined;
  /** Keys of another instance: never good. */
  readonly foreignKeys: readonly string[] | undefined;
  /** What the key may do, e.g. `users.track`; undefined: everything. */
  readonly permissions: readonly string[] | undefined;
  readonly packing: Packing;
  readonly workspace: Workspace;
  readonly windows: RateWindows;
  readonly store: Store;
  readonly now: () => number;
}

export interface BrazeRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The text behind the question mark; empty without one. */
  readonly query: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: RequestBody;
}

/** Seen on Braze's own 401: the headers are there, and empty. */
const EMPTY_RATE_HEADERS = { 'x-ratelimit-limit': '', 'x-ratelimit-remaining': '', 'x-ratelimit-reset': '' };
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json(?:\s*;|\s*$)/i;

/** Judges one request and counts it in its rate window; synchronous endpoints have their effect here, nothing else changes. */
export function createGate(options: GateOptions): (request: BrazeRequest) => Verdict {
  const { windows, workspace, permissions } = options;
  return (request) => {
    const nowMs = options.now();
    const route = findRoute(request.method, request.path);
    if (route === undefined) {
      return withHeaders(turnedAway(404, 'Invalid URL'), windows.headers('other', nowMs));
    }
    const key = bearerKey(request.authorization);
    if (!isGoodKey(key, options)) return withHeaders(badKey(key), EMPTY_RATE_HEADERS);
    const rateClass = rateClassOf(route.endpoint, request);
    if (permissions !== undefined && !permissions.includes(route.endpoint.permission)) {
      return withHeaders(turnedAway(403, 'Access Denied'), windows.headers(rateClass, nowMs, key));
    }
    if (!windows.take(rateClass, nowMs, key)) {
      return withHeaders(turnedAway(429, 'Too Many Requests'), windows.refusal(rateClass, nowMs, key));
    }
    return withHeaders(admit(route, request, nowMs), windows.headers(rateClass, nowMs, key));
  };

  function badKey(key: string): Verdict {
    const isNamed = workspace.assume.invalidKeyText === 'named';
    return turnedAway(401, isNamed ? `Invalid API key: ${key}` : 'Invalid API Key');
  }

  function admit({ endpoint, parameters }: Route, request: BrazeRequest, nowMs: number): Verdict {
    const { packing, store } = options;
    const { body, query, contentType } = request;
    const context = { nowMs, bodyBytes: body.bytes, workspace };
    if (!endpoint.hasBody) return endpoint.judge({ body: {}, context, parameters, query, packing, store });
    if (workspace.assume.contentTypes === 'json' && !JSON_TYPE.test(contentType ?? '')) {
      return turnedAway(415, 'Unsupported Media Type');
    }
    if (body.text === undefined || body.bytes > endpoint.maxBytes) {
      return turnedAway(413, 'Request Entity Too Large');
    }
    if (body.problem !== undefined) return turnedAway(400, body.problem);
    if (!isObject(body.json)) return turnedAway(400, 'The body must be a JSON object');
    return endpoint.judge({ body: body.json, context, parameters, query, packing, store });
  }
}

function rateClassOf({ rateClass }: Endpoint, { body }: BrazeRequest): RateClass {
  return typeof rateClass === 'string' ? rateClass : rateClass(body.json);
}

function bearerKey(authorization: string | undefined): string {
  return /^Bearer +(.*\S) *$/i.exec(authorization ?? '')?.[1] ?? '';
}

function isGoodKey(key: string, { apiKey, foreignKeys }: GateOptions): boolean {
  if (foreignKeys?.includes(key)) return false;
  return apiKey === undefined ? key !== '' : key === apiKey;
}

/** The endpoint's own headers stay. */
function withHeaders({ reply, changes }: Verdict, headers: Readonly<Record<string, string>>): Verdict {
  return { reply: { ...reply, headers: { ...headers, ...reply.headers } }, changes };
}
