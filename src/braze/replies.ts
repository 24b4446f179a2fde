/** What a reply of Braze means for the operations of its request: one pure function, `classify`. */
import type { Operation } from '../model/operation.ts';
import { DELIVERED, type FinalOutcome, type Rejected, rejected } from '../model/outcome.ts';
import type { Answer, NoAnswer, Reply } from './client.ts';
import { ARRAYS, permissionOf } from './endpoints.ts';
import { refusalOf } from './refusal.ts';
import type { SentRequest } from './requests.ts';

export type Verdict =
  /** Every operation has its outcome, in the order of the request. */
  | { readonly kind: 'final'; readonly outcomes: readonly FinalOutcome[]; readonly doubt?: string }
  /** Nothing was processed; these operations are at fault, the others go again without them. */
  | { readonly kind: 'named'; readonly faults: ReadonlyMap<number, Rejected> }
  /** Nothing was processed and Braze does not say which operation is at fault: halve and send again. */
  | { readonly kind: 'split'; readonly fault: Rejected }
  /** The same request again, later. `throttled`: when the pacer opens; else after the backoff. */
  | {
      readonly kind: 'retry';
      readonly code: string;
      readonly throttled: boolean;
      readonly atOnce?: boolean;
      /** No reply came, and the request may have reached Braze: it may have been counted. */
      readonly fateUnknown?: boolean;
    }
  /** Nothing can be sent until somebody mends it: bad key, missing permission, wrong host. */
  | { readonly kind: 'halt'; readonly code: string; readonly message: string };

/**
 * The table of Braze's statuses (Braze: errors and responses):
 *
 * | reply | verdict |
 * |---|---|
 * | 2xx | final: the operations that `errors[]` names are rejected, the rest are delivered |
 * | 400 with `errors[]` by index | named |
 * | 400 otherwise, 413 | split; rejected when it was one operation |
 * | 401, 403, 404, other 3xx and 4xx | halt: the fault is the set-up's, not the event's |
 * | 408, 429, 5xx, no answer | retry |
 * | unknown host, TLS refusal, unreadable key | halt |
 */
export function classify(request: SentRequest, reply: Reply): Verdict {
  if ('failure' in reply) return classifyFailure(reply);
  const { status } = reply;
  if (status >= 200 && status < 300) return classifyAccepted(request, reply);
  if (status === 429) return { kind: 'retry', code: 'throttled', throttled: true };
  if (status === 408 || status >= 500) return { kind: 'retry', code: `http_${status}`, throttled: false };
  if (status === 400) return classifyRefused(request, reply);
  if (status === 413) {
    const fault = rejected('oversized', 'request_too_large', 'Braze answered 413: the object is too large');
    return splitOrReject(request, fault);
  }
  return classifyHalt(request, reply);
}

/** Codes of the resolver, of TLS and of the key that no retry mends by itself (Node: errors, OpenSSL codes). */
const HALTING_FAILURES = new Map([
  ['ENOTFOUND', 'host_unknown'],
  ['KEY_UNREADABLE', 'key_unreadable'],
  ['CERT_HAS_EXPIRED', 'tls_refused'],
  ['CERT_NOT_YET_VALID', 'tls_refused'],
  ['CERT_REVOKED', 'tls_refused'],
  ['CERT_UNTRUSTED', 'tls_refused'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_refused'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls_refused'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'tls_refused'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls_refused'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_refused'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_refused'],
  // No version of TLS in common, or something that does not speak TLS at all.
  ['EPROTO', 'tls_refused'],
]);

/** Nothing was sent: the connection never stood. Every other failure leaves open whether Braze has the request. */
const UNSENT_FAILURES = new Set(['ECONNREFUSED', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN']);

function classifyFailure(reply: NoAnswer): Verdict {
  const halt = HALTING_FAILURES.get(reply.failure);
  if (halt) return { kind: 'halt', code: halt, message: reply.message };
  // An idle socket that Braze closed just as it was used again: no reason to wait.
  const atOnce = reply.failure === 'ECONNRESET' || reply.failure === 'EPIPE';
  const fateUnknown = reply.isUnsent !== true && !UNSENT_FAILURES.has(reply.failure);
  return { kind: 'retry', code: reply.failure.toLowerCase(), throttled: false, atOnce, fateUnknown };
}

interface ReplyBody {
  readonly message: string | undefined;
  readonly errors: readonly ReplyError[];
  readonly parsed: boolean;
}

interface ReplyError {
  readonly type: string;
  readonly array: string | undefined;
  readonly index: number | undefined;
}

function classifyAccepted(request: SentRequest, answer: Answer): Verdict {
  const body = readBody(answer.text);
  const faults = faultsByIndex(request, body.errors);
  if (faults.size === 0 && body.errors.length > 0) {
    return allRejected(request, uncertain('Braze reported errors that name no object', body));
  }
  const refusal = body.message !== undefined && body.message !== 'success' && body.message !== 'queued';
  if (refusal && faults.size === 0) {
    return allRejected(request, uncertain('Braze answered 2xx without success', body));
  }
  const outcomes = request.operations.map((_, index) => faults.get(index) ?? DELIVERED);
  const doubt = doubtOf(request, body);
  return doubt === undefined ? { kind: 'final', outcomes } : { kind: 'final', outcomes, doubt };
}

/** What makes it unsure that all the others were taken; they are not sent again, since they probably were. */
function doubtOf({ operations }: SentRequest, { parsed, errors }: ReplyBody): string | undefined {
  if (!parsed) return 'the 2xx reply is not a JSON object; counted as delivered';
  const isNameless = (error: ReplyError) => namedOperations(operations, error).length === 0;
  if (errors.some(isNameless))
    return 'the 2xx reply has errors that name no object; the others are counted as delivered';
  return undefined;
}

function classifyRefused(request: SentRequest, answer: Answer): Verdict {
  const body = readBody(answer.text);
  const faults = faultsByIndex(request, body.errors);
  if (faults.size > 0) return { kind: 'named', faults };
  const text = clip(body.errors[0]?.type ?? body.message ?? 'no text');
  return splitOrReject(request, refusalOf(request.operations[0]?.kind, `Braze answered 400: ${text}`));
}

function classifyHalt(request: SentRequest, { status, text }: Answer): Verdict {
  if (status === 401) {
    const message = 'Braze answered 401: the REST API key is wrong, or belongs to another instance';
    return { kind: 'halt', code: 'key_refused', message };
  }
  if (status === 403) {
    const permission = permissionOf(request.endpoint);
    const message = `Braze answered 403: the REST API key lacks the permission ${permission}`;
    return { kind: 'halt', code: 'permission_missing', message };
  }
  const where = `${status} on ${request.endpoint}`;
  const message = `Braze answered ${where}: is restEndpoint the REST host of the instance? (${clip(readBody(text).message ?? '')})`;
  return { kind: 'halt', code: 'wrong_host', message };
}

function splitOrReject(request: SentRequest, fault: Rejected): Verdict {
  if (request.operations.length > 1) return { kind: 'split', fault };
  return { kind: 'final', outcomes: [fault] };
}

function allRejected(request: SentRequest, fault: Rejected): Verdict {
  return { kind: 'final', outcomes: request.operations.map(() => fault) };
}

function uncertain(what: string, body: ReplyBody): Rejected {
  const text = body.errors[0]?.type ?? body.message ?? '';
  return rejected('uncertain', 'unclear_reply', `${what}: ${clip(text)}`);
}

/** Operation index → rejection, for the errors that name their object. */
function faultsByIndex(request: SentRequest, errors: readonly ReplyError[]): Map<number, Rejected> {
  const faults = new Map<number, Rejected>();
  for (const error of errors) {
    for (const index of namedOperations(request.operations, error)) {
      const { kind } = request.operations[index] ?? {};
      faults.set(index, faults.get(index) ?? refusalOf(kind, clip(error.type)));
    }
  }
  return faults;
}

/**
 * `index` counts within the array that `input_array` names. Without that name the array is known when only one
 * was sent; else every object at that index may be meant, and none of them can be called delivered.
 */
function namedOperations(operations: readonly Operation[], error: ReplyError): number[] {
  if (error.index === undefined) return operations.length === 1 ? [0] : [];
  const seen = new Map<string, number>();
  const anyArray = error.array === undefined || !operations.some((each) => ARRAYS[each.kind] === error.array);
  const named: number[] = [];
  for (const [position, operation] of operations.entries()) {
    const array = ARRAYS[operation.kind];
    const index = seen.get(array) ?? 0;
    seen.set(array, index + 1);
    if (index === error.index && (anyArray || array === error.array)) named.push(position);
  }
  return named;
}

function readBody(text: string): ReplyBody {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return { message: undefined, errors: [], parsed: false };
    const { message, errors } = value as { message?: unknown; errors?: unknown };
    return {
      message: typeof message === 'string' ? message : undefined,
      errors: Array.isArray(errors) ? errors.map(readError) : [],
      parsed: true,
    };
  } catch {
    return { message: undefined, errors: [], parsed: false };
  }
}

function readError(error: unknown): ReplyError {
  if (typeof error !== 'object' || error === null) {
    return { type: String(error), array: undefined, index: undefined };
  }
  const { type, input_array: array, index } = error as Record<string, unknown>;
  return {
    type: typeof type === 'string' ? type : JSON.stringify(error),
    array: typeof array === 'string' ? array : undefined,
    index: Number.isInteger(index) ? (index as number) : undefined,
  };
}

/** Braze's texts may quote what was sent; dead letters and logs keep a line of it. */
function clip(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
