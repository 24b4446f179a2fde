/** The local Braze behind its port: faults first, then the rules; the log before the reply, the profiles after the delay. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, carryOut, decide } from './answer.ts';
import { bodyLine, type RequestBody, readBody } from './body.ts';
import type { Store } from './call.ts';
import { createCatalogs } from './catalogs.ts';
import { type FaultAction, type FaultRule, readFaultRules } from './fault-rules.ts';
import { createFaults } from './faults.ts';
import { type BrazeRequest, createGate } from './gate.ts';
import { answerHelper, isHelperPath } from './helpers.ts';
import type { Json } from './json.ts';
import type { SandboxOptions } from './options.ts';
import { createProfiles } from './profiles.ts';
import { createRateWindows } from './rate-windows.ts';
import { createRequestLog, type RecordedRequest } from './record.ts';
import { createSchedule } from './schedule.ts';
import type { Change } from './verdict.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

const DEFAULT_KEEP = 1000;
const NO_FAULT: FaultAction = {};

/** Throws when the record file cannot be opened. */
export function createBraze(options: SandboxOptions) {
  const now = options.now ?? Date.now;
  const windows = createRateWindows(options.rateLimit, options.mau);
  const log = createRequestLog(options.keep ?? DEFAULT_KEEP, options.recordFile);
  const faults = createFaults(options.seed ?? 1);
  const workspace = createWorkspace(options);
  const state = createState(options, workspace);
  const gate = createGate({
    apiKey: options.apiKey,
    foreignKeys: options.foreignKeys,
    permissions: options.permissions,
    packing: options.packing ?? 'combined',
    workspace,
    windows,
    store: state.store,
    now,
  });
  const actions = {
    users: state.users,
    requests: () => log.lines().map((line) => JSON.parse(line) as RecordedRequest),
    addFaults(rules: readonly FaultRule[]) {
      const problem = readFaultRules(rules as unknown as Json);
      if (typeof problem === 'string') throw new TypeError(problem);
      faults.add(rules);
    },
    clearFaults: faults.clear,
    reset() {
      for (const each of [state, log, faults, windows]) each.clear();
    },
    flush: state.flush,
  };
  const helperActions = { ...actions, requestLines: log.lines };

  function onRequest(message: IncomingMessage, response: ServerResponse): void {
    const method = message.method ?? '';
    const [path = '', query = ''] = (message.url ?? '').split('?', 2);
    const { authorization, 'content-type': contentType } = message.headers;
    readBody(message, (body) => {
      const request = { method, path, query, authorization, contentType, body };
      if (isHelperPath(path)) answerHelper(response, request, helperActions);
      else onBrazeRequest(request, response);
    });
  }

  function onBrazeRequest(request: BrazeRequest, response: ServerResponse): void {
    const { path, body } = request;
    const action = faults.pick(path, body.json) ?? NO_FAULT;
    const answer = decide(action, () => gate(request));
    record(path, body, answer);
    state.accept(answer.verdict?.changes ?? []);
    carryOut(response, answer, action, options.latencyMs ?? 0);
  }

  function record(path: string, body: RequestBody, { verdict, replyLine }: Answer): void {
    if (!log.isOn) return;
    const status = verdict?.reply.status ?? null;
    log.add({ at: now(), path, status, bodyLine: bodyLine(body), replyLine });
  }

  function close(): void {
    state.clear();
    log.close();
  }

  return { actions, onRequest, close };
}

/** What identify, alias and merge make of users: these may have a delay of their own. */
const LINKS: ReadonlySet<Change['kind']> = new Set([
  'identify',
  'identify_contact',
  'alias',
  'alias_update',
  'merge',
]);

/** The profiles and catalogs, and what is on its way to them. */
function createState(options: SandboxOptions, workspace: Workspace) {
  const { applyDelayMs = 0, linkApplyDelayMs, profiles: isKept = true } = options;
  const profiles = createProfiles(workspace);
  const catalogs = createCatalogs();
  const apply = (change: Change) => {
    if (change.kind === 'catalog_items') catalogs.apply(change);
    else profiles.apply(change);
  };
  const data = createSchedule(applyDelayMs, apply);
  const links = linkApplyDelayMs === undefined ? data : createSchedule(linkApplyDelayMs, apply);
  const ignore = () => {};
  const store: Store = { users: profiles.index, catalogs, apply: isKept ? apply : ignore };
  return {
    store,
    accept(changes: readonly Change[]) {
      const [first] = changes;
      if (!isKept || first === undefined) return;
      (LINKS.has(first.kind) ? links : data).add(changes);
    },
    users: profiles.users,
    flush() {
      data.flush();
      links.flush();
    },
    clear() {
      for (const each of [data, links, profiles, catalogs]) each.clear();
    },
  };
}
