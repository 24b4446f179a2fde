/** The local Braze behind its port: faults first, then the rules; the log before the reply, the profiles after the delay. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, carryOut, decide } from './answer.ts';
import { bodyLine, type RequestBody, readBody } from './body.ts';
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
import { createWorkspace } from './workspace.ts';

const DEFAULT_KEEP = 1000;
const NO_FAULT: FaultAction = {};

/** Throws when the record file cannot be opened. */
export function createBraze(options: SandboxOptions) {
  const now = options.now ?? Date.now;
  const windows = createRateWindows(options.rateLimit);
  const log = createRequestLog(options.keep ?? DEFAULT_KEEP, options.recordFile);
  const faults = createFaults(options.seed ?? 1);
  const workspace = createWorkspace(options);
  const gate = createGate({
    apiKey: options.apiKey,
    permissions: options.permissions,
    packing: options.packing ?? 'combined',
    workspace,
    windows,
    now,
  });
  const state = createState(options);
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
    const path = (message.url ?? '').split('?', 1)[0] ?? '';
    readBody(message, (body) => {
      const request = { method, path, authorization: message.headers.authorization, body };
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

/** The profiles and what is on its way to them. */
function createState(options: SandboxOptions) {
  const { applyDelayMs = 0, linkApplyDelayMs, profiles: isKept = true } = options;
  const profiles = createProfiles();
  const data = createSchedule(applyDelayMs, profiles.apply);
  const links = linkApplyDelayMs === undefined ? data : createSchedule(linkApplyDelayMs, profiles.apply);
  return {
    accept(changes: readonly Change[]) {
      if (!isKept) return;
      const kind = changes[0]?.kind;
      const isLink = kind === 'identify' || kind === 'alias' || kind === 'merge';
      (isLink ? links : data).add(changes);
    },
    users: profiles.users,
    flush() {
      data.flush();
      links.flush();
    },
    clear() {
      data.clear();
      links.clear();
      profiles.clear();
    },
  };
}
