/** Judges track requests for the tests of the rules: objects that are fine, and what becomes of others. */
import { expect } from 'vitest';
import type { JsonObject } from '../../../src/sandbox/json.ts';
import { judgeTrack } from '../../../src/sandbox/track-rules.ts';
import type { TrackArray } from '../../../src/sandbox/verdict.ts';
import { createWorkspace, type WorkspaceOptions } from '../../../src/sandbox/workspace.ts';

export const NOW = '2026-11-22T12:00:00.000Z';
export const TIME = '2026-11-20T10:00:00Z';

/** The size of the body counts only where it is measured first. */
export function judge(body: JsonObject, options: WorkspaceOptions & { readonly bodyBytes?: number } = {}) {
  const { bodyBytes = 1000, ...workspace } = options;
  const context = { nowMs: Date.parse(NOW), bodyBytes, workspace: createWorkspace(workspace) };
  const { reply, changes } = judgeTrack(body, context, 'combined');
  return { status: reply.status, body: JSON.parse(reply.body), changes };
}

/** The error of the only object of the request. */
export function errorOf(array: TrackArray, object: JsonObject, options: WorkspaceOptions = {}): unknown {
  const { status, body } = judge({ [array]: [object] }, options);
  expect(status).toBe('errors' in body ? 400 : 201);
  return body.errors?.[0]?.type;
}

/** The object of the only change that the request asks for. */
export function accepted(body: JsonObject, options: WorkspaceOptions = {}): JsonObject {
  const [change, ...others] = judge(body, options).changes;
  expect(others).toEqual([]);
  return change !== undefined && 'object' in change ? change.object : {};
}

export const event = (more: JsonObject = {}): JsonObject => ({
  external_id: 'u1',
  name: 'Seen',
  time: TIME,
  ...more,
});

export const purchase = (more: JsonObject = {}): JsonObject => ({
  external_id: 'u1',
  product_id: 'p1',
  currency: 'EUR',
  price: 9.5,
  time: TIME,
  ...more,
});
