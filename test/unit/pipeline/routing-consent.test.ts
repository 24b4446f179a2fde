/** Consent management: the generic form, OneTrust's and Ketch's. */
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/model/json.ts';
import { normalise } from '../../../src/model/normalise.ts';
import type { DestinationSettings } from '../../../src/model/settings.ts';
import { createRouter } from '../../../src/pipeline/routing.ts';

function routed(settings: DestinationSettings, consentManagement: Json, raw: { [key: string]: Json } = {}) {
  const event = { type: 'track', userId: 'u1', event: 'E', context: { consentManagement }, ...raw };
  return createRouter(settings)(
    normalise(event, { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' }).event,
  );
}

function isDenied(settings: DestinationSettings, consent: Json): boolean {
  const outcome = routed(settings, consent);
  if (outcome.status === 'filtered') expect(outcome.code).toBe('consent_denied');
  return outcome.status === 'filtered';
}

function generic(provider: string, ids: readonly string[], resolutionStrategy?: string): DestinationSettings {
  const consents = ids.map((consent) => ({ consent }));
  return {
    consentManagement: [
      { provider, consents, ...(resolutionStrategy !== undefined && { resolutionStrategy }) },
    ],
  };
}

const oneTrust = (...ids: string[]): DestinationSettings => ({
  oneTrustCookieCategories: ids.map((oneTrustCookieCategory) => ({ oneTrustCookieCategory })),
});
const ketch = (...ids: string[]): DestinationSettings => ({
  ketchConsentPurposes: ids.map((purpose) => ({ purpose })),
});

describe('consentManagement', () => {
  const both = generic('oneTrust', ['A', 'B']);

  it.each<[string[], string | undefined, boolean]>([
    [[], undefined, false],
    [['C'], undefined, false],
    [['A'], undefined, true],
    [['A', 'B'], undefined, true],
    [['A'], 'and', true],
    [['A'], 'anything', true],
    [['A'], 'or', false],
    [['A', 'C'], 'or', false],
    [['B', 'A'], 'or', true],
    [[' A '], undefined, true],
    [['a'], undefined, false],
    [[''], undefined, false],
  ])('denied %j, strategy %s of the event: dropped is %s', (deniedConsentIds, strategy, dropped) => {
    const consent = {
      provider: 'oneTrust',
      deniedConsentIds,
      ...(strategy && { resolutionStrategy: strategy }),
    };
    expect(isDenied(both, consent)).toBe(dropped);
  });

  it("takes the strategy of the event, not the destination's, from a known provider", () => {
    const or = generic('oneTrust', ['A', 'B'], 'or');
    expect(isDenied(or, { provider: 'oneTrust', deniedConsentIds: ['A'] })).toBe(true);
  });

  it("takes the destination's strategy, not the event's, for the provider custom", () => {
    const or = generic('custom', ['A', 'B'], 'or');
    const and = generic('custom', ['A', 'B'], 'and');
    const neither = generic('custom', ['A', 'B']);
    const of = (resolutionStrategy: string) => ({
      provider: 'custom',
      deniedConsentIds: ['A'],
      resolutionStrategy,
    });
    expect(isDenied(or, of('and'))).toBe(false);
    expect(isDenied(or, { provider: 'custom', deniedConsentIds: ['A', 'B'] })).toBe(true);
    expect(isDenied(and, of('or'))).toBe(true);
    expect(isDenied(neither, of('or'))).toBe(true);
  });

  it.each(['ketch', 'onetrust', '', 'constructor'])(
    'says nothing about events of another provider: %j',
    (provider) => {
      expect(isDenied(both, { provider, deniedConsentIds: ['A', 'B'] })).toBe(false);
    },
  );

  it('counts each of several rules for one provider by itself', () => {
    const settings = {
      consentManagement: ['A', 'B'].map((consent) => ({ provider: 'oneTrust', consents: [{ consent }] })),
    };
    expect(
      isDenied(settings, { provider: 'oneTrust', resolutionStrategy: 'or', deniedConsentIds: ['B'] }),
    ).toBe(true);
  });

  it('does not look at what was allowed', () => {
    expect(isDenied(both, { provider: 'oneTrust', allowedConsentIds: ['A'], deniedConsentIds: ['A'] })).toBe(
      true,
    );
    expect(isDenied(both, { provider: 'oneTrust', allowedConsentIds: [] })).toBe(false);
  });

  it('drops calls of every type', () => {
    const consent = { provider: 'oneTrust', deniedConsentIds: ['A'] };
    for (const type of ['identify', 'page', 'screen', 'group', 'alias']) {
      expect(routed(both, consent, { type, previousId: 'p' })).toMatchObject({ code: 'consent_denied' });
    }
  });
});

describe('OneTrust and Ketch', () => {
  it.each<[string, boolean]>([
    ['oneTrust', true],
    ['', true],
    ['ketch', false],
    ['custom', false],
  ])('OneTrust: any denied category drops events of provider %j: %s', (provider, dropped) => {
    expect(
      isDenied(oneTrust('A', 'B'), { provider, deniedConsentIds: ['B'], resolutionStrategy: 'or' }),
    ).toBe(dropped);
  });

  it.each<[string, string[], boolean]>([
    ['ketch', ['A', 'B'], true],
    ['', ['A', 'B', 'C'], true],
    ['ketch', ['A'], false],
    ['oneTrust', ['A', 'B'], false],
  ])(
    'Ketch: only all purposes denied drop events of provider %j: %j, %s',
    (provider, deniedConsentIds, dropped) => {
      expect(isDenied(ketch('A', 'B'), { provider, deniedConsentIds, resolutionStrategy: 'and' })).toBe(
        dropped,
      );
    },
  );

  it('count for an event that names no provider', () => {
    expect(isDenied(oneTrust('A'), { deniedConsentIds: ['A'] })).toBe(true);
    expect(isDenied(ketch('A'), { provider: null, deniedConsentIds: ['A'] })).toBe(true);
  });

  it('OneTrust decides before Ketch where both are configured', () => {
    const settings = { ...oneTrust('A'), ...ketch('B') };
    expect(isDenied(settings, { deniedConsentIds: ['B'] })).toBe(false);
    expect(isDenied(settings, { deniedConsentIds: ['A'] })).toBe(true);
    expect(isDenied(settings, { provider: 'ketch', deniedConsentIds: ['B'] })).toBe(true);
  });

  it('the generic rules of the provider decide before both', () => {
    const settings = { ...generic('oneTrust', ['X']), ...oneTrust('A') };
    expect(isDenied(settings, { provider: 'oneTrust', deniedConsentIds: ['A'] })).toBe(false);
    expect(isDenied(settings, { provider: '', deniedConsentIds: ['A'] })).toBe(true);
  });
});

describe('consent that cannot be read', () => {
  const settings = generic('oneTrust', ['A']);

  it.each<[Json, string]>([
    ['denied', 'context.consentManagement'],
    [['A'], 'context.consentManagement'],
    [{ provider: 7, deniedConsentIds: ['A'] }, 'context.consentManagement.provider'],
    [{ provider: 'oneTrust', deniedConsentIds: 'A' }, 'context.consentManagement.deniedConsentIds'],
    [{ provider: 'oneTrust', deniedConsentIds: { A: true } }, 'context.consentManagement.deniedConsentIds'],
    [{ provider: 'oneTrust', deniedConsentIds: [1] }, 'context.consentManagement.deniedConsentIds[0]'],
    [{ provider: 'oneTrust', resolutionStrategy: [] }, 'context.consentManagement.resolutionStrategy'],
  ])('%j denies nothing, with a warning', (consent, path) => {
    expect(routed(settings, consent)).toEqual({
      status: 'wanted',
      warnings: [{ code: 'invalid_consent', message: expect.stringContaining('denies nothing'), path }],
    });
  });

  it('does not hide what else the event denies', () => {
    expect(isDenied(settings, { provider: 'oneTrust', deniedConsentIds: [null, 'A'] })).toBe(true);
  });

  it.each<[Json]>([[null], [{}], [{ provider: null, deniedConsentIds: null, resolutionStrategy: null }]])(
    '%j is no consent and no fault',
    (consent) => {
      expect(routed(settings, consent)).toEqual({ status: 'wanted', warnings: [] });
    },
  );

  it('is not looked at where the destination asks for no consent', () => {
    expect(routed({}, 'denied')).toEqual({ status: 'wanted', warnings: [] });
    expect(routed({ consentManagement: [] }, 'denied')).toEqual({ status: 'wanted', warnings: [] });
  });
});

describe('the order of the rules', () => {
  it('is integrations object, consent, event lists', () => {
    const settings: DestinationSettings = {
      ...generic('oneTrust', ['A']),
      eventFilteringOption: 'blacklistedEvents',
      blacklistedEvents: [{ eventName: 'E' }],
    };
    const deny = { provider: 'oneTrust', deniedConsentIds: ['A'] };
    expect(routed(settings, deny, { integrations: { All: false } })).toMatchObject({
      code: 'integration_disabled',
    });
    expect(routed(settings, deny)).toMatchObject({ code: 'consent_denied' });
    expect(routed(settings, null)).toMatchObject({ code: 'event_denied' });
  });

  it('names the setting that asked', () => {
    const messages = [
      routed(generic('oneTrust', ['A']), { provider: 'oneTrust', deniedConsentIds: ['A'] }),
      routed(oneTrust('A'), { deniedConsentIds: ['A'] }),
      routed(ketch('A'), { deniedConsentIds: ['A'] }),
    ].map((outcome) => (outcome.status === 'filtered' ? outcome.message : ''));
    for (const [index, name] of [
      'consentManagement',
      'oneTrustCookieCategories',
      'ketchConsentPurposes',
    ].entries())
      expect(messages[index]).toContain(name);
  });
});
