/** What goes out for one request: the reply of the rules, or what a fault makes of it, over the wire. */
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { FaultAction } from './fault-rules.ts';
import type { Reply, Verdict } from './verdict.ts';

export interface Answer {
  /** Undefined when the connection is cut before anything is decided. */
  readonly verdict: Verdict | undefined;
  /** The reply's body as one line of JSON for the request log; `null` when no reply goes out. */
  readonly replyLine: string;
}

const QUEUED = { status: 202, body: JSON.stringify({ message: 'queued' }) };
/** A slow body comes in this many pieces. */
const PIECES = 10;

/** `judge` is asked only where the fault leaves the decision to the rules. */
export function decide(action: FaultAction, judge: () => Verdict): Answer {
  const isLost = action.reset !== undefined || action.hang === true;
  if (action.status !== undefined) {
    const reply = faultReply(action.status, action);
    return { verdict: { reply, changes: [] }, replyLine: isLost ? 'null' : lineOf(reply, action) };
  }
  if (action.reset === 'before') return { verdict: undefined, replyLine: 'null' };
  const { reply: ruled, changes } = judge();
  const reply = action.queued === true && ruled.status < 300 ? { ...ruled, ...QUEUED } : ruled;
  const body = action.body === undefined ? reply.body : textOf(action.body);
  const dressed = { status: reply.status, body, headers: { ...reply.headers, ...action.headers } };
  return { verdict: { reply: dressed, changes }, replyLine: isLost ? 'null' : lineOf(dressed, action) };
}

/** Only the rule's own headers: the answer of something in front of Braze tells nothing of its rate limits. */
function faultReply(status: number, action: FaultAction): Reply {
  const standard = { message: status < 300 ? 'success' : (STATUS_CODES[status] ?? 'Error') };
  return { status, body: textOf(action.body ?? standard), headers: action.headers ?? {} };
}

function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function lineOf(reply: Reply, action: FaultAction): string {
  return typeof action.body === 'string' ? JSON.stringify(action.body) : reply.body;
}

/** Sends, delays, cuts or never answers. Delays do not keep the process alive. */
export function carryOut(
  response: ServerResponse,
  { verdict }: Answer,
  action: FaultAction,
  latencyMs: number,
): void {
  if (action.hang === true) return;
  const waitMs = latencyMs + (action.delayMs ?? 0);
  const act = () => {
    if (action.reset !== undefined || verdict === undefined) response.socket?.resetAndDestroy();
    else if (action.trickleMs === undefined) sendReply(response, verdict.reply);
    else trickle(response, verdict.reply, action.trickleMs);
  };
  if (waitMs === 0) act();
  else setTimeout(act, waitMs).unref();
}

export function sendReply(response: ServerResponse, reply: Reply): void {
  sendHead(response, reply);
  response.end(reply.body);
}

/** Ends early, and quietly, when the client goes away. */
function trickle(response: ServerResponse, reply: Reply, trickleMs: number): void {
  const bytes = Buffer.from(reply.body);
  const size = Math.ceil(bytes.length / PIECES);
  let sent = 0;
  sendHead(response, reply);
  response.flushHeaders();
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + size));
    sent += size;
    if (sent >= bytes.length) response.end();
  }, trickleMs / PIECES).unref();
  response.once('close', () => clearInterval(timer));
}

function sendHead(response: ServerResponse, { status, body, headers }: Reply): void {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers });
}
