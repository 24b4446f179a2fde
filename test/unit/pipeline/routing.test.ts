/** Whether the sender wants an event to go to Braze. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { normalise } from '../../../src/model/normalise.ts';
import { createRouter } from '../../../src/pipeline/routing.ts';

describe('the integrations object', () => {
  it.each<[JsonObject, boolean]>([
    [{}, true],
    [{ All: true }, true],
    [{ All: false }, false],
    [{ All: false, Braze: true }, true],
    [{ all: false, braze: true }, true],
    [{ ALL: false }, false],
    [{ Braze: false }, false],
    [{ BRAZE: false }, false],
    [{ All: true, braze: false }, false],
    [{ All: false, Braze: {} }, true],
    [{ Braze: true, braze: false }, true],
    [{ braze: false, Braze: true }, true],
    [{ Braze: 'no' }, true],
    [{ Braze: 'yes', All: false }, false],
    [{ Braze: [], All: false }, false],
    [{ Braze: null, All: false }, false],
    [{ All: 'no' }, true],
    [{ Other: false }, true],
  ])('%j: delivered is %s', (integrations, isWanted) => {
    const raw = { type: 'track', userId: 'u1', integrations };
    const { event } = normalise(raw, { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' });
    const outcome = createRouter({})(event);
    if (isWanted) expect(outcome).toEqual({ status: 'wanted', warnings: [] });
    else expect(outcome).toMatchObject({ status: 'filtered', code: 'integration_disabled' });
  });
});
