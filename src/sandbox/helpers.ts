/** The sandbox's own endpoints below `/_sandbox`: what it holds, and what a test may ask of it. Braze has none of these. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { sendReply } from './answer.ts';
import type { RequestBody } from './body.ts';
import { type FaultRule, readFaultRules } from './fault-rules.ts';
import type { SandboxUser } from './profile.ts';
import { jsonReply, type Reply } from './verdict.ts';

/** What the helper endpoints can see and do. */
export interface HelperActions {
  users(): readonly SandboxUser[];
  requestLines(): readonly string[];
  addFaults(rules: readonly FaultRule[]): void;
  clearFaults(): void;
  reset(): void;
  flush(): void;
}

const PREFIX = '/_sandbox';
const DONE = jsonReply(200, { message: 'success' });
/** Lists are sent in pieces of about this many characters: one text of everything could be too long for a string. */
const PIECE_LENGTH = 256 * 1024;

export function isHelperPath(path: string): boolean {
  return path === PREFIX || path.startsWith(`${PREFIX}/`);
}

/** Answers one helper request; lists are snapshots of the moment of the call. */
export function answerHelper(
  response: ServerResponse,
  request: { readonly method: string; readonly path: string; readonly body: RequestBody },
  actions: HelperActions,
): void {
  const route = `${request.method} ${request.path}`;
  if (route === `GET ${PREFIX}/users`) {
    sendList(
      response,
      'users',
      actions.users().map((user) => JSON.stringify(user)),
    );
  } else if (route === `GET ${PREFIX}/requests`) sendList(response, 'requests', actions.requestLines());
  else sendReply(response, act(route, request.body, actions));
}

function act(route: string, body: RequestBody, actions: HelperActions): Reply {
  switch (route) {
    case `DELETE ${PREFIX}`:
      actions.reset();
      return DONE;
    case `POST ${PREFIX}/flush`:
      actions.flush();
      return DONE;
    case `POST ${PREFIX}/faults`:
      return postFaults(body, actions);
    case `DELETE ${PREFIX}/faults`:
      actions.clearFaults();
      return DONE;
    default:
      return jsonReply(404, { message: `The sandbox has no ${route}` });
  }
}

function postFaults(body: RequestBody, actions: HelperActions): Reply {
  if (body.json === undefined) {
    return jsonReply(400, {
      message: `faults: expected a JSON array of rules (${body.problem ?? 'too large'})`,
    });
  }
  const rules = readFaultRules(body.json);
  if (typeof rules === 'string') return jsonReply(400, { message: rules });
  actions.addFaults(rules);
  return jsonReply(201, { message: 'success', added: rules.length });
}

function sendList(response: ServerResponse, name: string, items: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  Readable.from(pieces(name, items), { objectMode: false }).pipe(response);
}

function* pieces(name: string, items: readonly string[]): Generator<string> {
  let piece = `{"${name}":[`;
  for (const [position, item] of items.entries()) {
    piece += position === 0 ? item : `,${item}`;
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}]}`;
}
