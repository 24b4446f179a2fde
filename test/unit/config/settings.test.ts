import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../../src/config/settings.ts';

function problemsOf(value: unknown) {
  const parsed = parseSettings(value);
  return parsed.ok ? [] : parsed.problems;
}

describe('parseSettings', () => {
  test('fills in the defaults when nothing is given', () => {
    expect(parseSettings({})).toEqual({
      ok: true,
      settings: {
        sendPurchaseEventWithExtraProperties: false,
        useEcommerceRecommendedEvents: false,
        enableNestedArrayOperations: false,
        enableSubscriptionGroupInGroupCall: false,
        supportDedup: false,
        eventFilteringOption: 'disable',
        linkCall: 'identify',
        aliasCall: 'alias',
      },
      packing: 'combined',
      warnings: [],
    });
  });

  test('gives back what was set, packing beside the settings', () => {
    const parsed = parseSettings({ aliasCall: 'merge', packing: 'perArray' });
    expect(parsed).toMatchObject({ ok: true, settings: { aliasCall: 'merge' }, packing: 'perArray' });
  });

  test('does not change what it was given', () => {
    const given = Object.freeze({ aliasCall: 'merge' });
    expect(parseSettings(given).ok).toBe(true);
    expect(given).toEqual({ aliasCall: 'merge' });
  });

  test('names every problem with its path', () => {
    expect(problemsOf({ aliasCal: 'merge', packing: 3, sendPurchaseEventWithExtraProperties: 'no' })).toEqual(
      [
        { path: 'aliasCal', message: 'found an unknown key, did you mean aliasCall?' },
        { path: 'packing', message: 'found 3, expected one of combined, perArray' },
        { path: 'sendPurchaseEventWithExtraProperties', message: 'found "no", expected true or false' },
      ],
    );
  });

  test.each([[[]], [null], ['text'], [3]])('refuses %j, which is not a mapping', (value) => {
    expect(problemsOf(value)).toHaveLength(1);
    expect(problemsOf(value)[0]).toMatchObject({
      path: '',
      message: expect.stringContaining('expected a mapping'),
    });
  });

  test.each([
    ['sendPurchaseEventWithExtraProperties', true],
    ['orderProperties', ['order_id', 'coupon']],
    ['useEcommerceRecommendedEvents', true],
    ['enableNestedArrayOperations', true],
    ['enableSubscriptionGroupInGroupCall', true],
    ['supportDedup', true],
    ['aliasCall', 'merge'],
    ['linkCall', 'auto'],
    ['eventFilteringOption', 'blacklistedEvents'],
    ['whitelistedEvents', [{ eventName: 'A' }]],
    ['blacklistedEvents', [{ eventName: 'A' }]],
    ['consentManagement', [{ provider: 'custom', resolutionStrategy: 'or', consents: [{ consent: 'A' }] }]],
    ['oneTrustCookieCategories', [{ oneTrustCookieCategory: 'C0001' }]],
    ['ketchConsentPurposes', [{ purpose: 'marketing' }]],
    ['mappings', { attributes: [{ from: 'a' }], events: [{ name: 'A', drop: true }] }],
  ])('serves %s: %j', (key, value) => {
    expect(parseSettings({ [key]: value })).toMatchObject({
      ok: true,
      settings: { [key]: value },
      warnings: [],
    });
  });

  test.each([
    [
      'orderProperties',
      ['order_id', 'price'],
      'orderProperties[1]',
      'found "price", which each purchase has',
    ],
    ['orderProperties', ['time'], 'orderProperties[0]', 'found "time"'],
    ['orderProperties', ['event_name'], 'orderProperties[0]', 'found "event_name"'],
    ['orderProperties', ['product_id'], 'orderProperties[0]', 'found "product_id"'],
    ['orderProperties', ['quantity'], 'orderProperties[0]', 'found "quantity"'],
    ['orderProperties', ['currency'], 'orderProperties[0]', 'found "currency"'],
    ['orderProperties', ['a', 'a'], 'orderProperties', 'the same entry twice'],
    ['orderProperties', 'order_id', 'orderProperties', 'found "order_id", expected a list of names'],
    ['aliasCall', 'merg', 'aliasCall', 'found "merg", expected one of alias, merge, did you mean merge?'],
    ['linkCall', 'always', 'linkCall', 'found "always", expected one of identify, auto'],
    ['supportDedup', 'true', 'supportDedup', 'found "true", expected true or false'],
    [
      'eventFilteringOption',
      'whitelist',
      'eventFilteringOption',
      'expected one of disable, whitelistedEvents',
    ],
    ['eventFilteringOption', { web: 'x' }, 'eventFilteringOption.web', 'found "x", expected one of disable'],
    ['whitelistedEvents', ['A'], 'whitelistedEvents[0]', 'found "A", expected a mapping with eventName'],
    [
      'blacklistedEvents',
      { web: [{ eventNam: 'A' }] },
      'blacklistedEvents.web[0].eventNam',
      'mean eventName?',
    ],
    ['blacklistedEvents', [{ eventName: 7 }], 'blacklistedEvents[0].eventName', 'found 7, expected text'],
    ['consentManagement', [{ consents: [] }], 'consentManagement[0]', 'found no provider'],
    [
      'consentManagement',
      [{ provider: 'custom', resolutionStrategy: 'xor', consents: [] }],
      'consentManagement[0].resolutionStrategy',
      'found "xor", expected "and" or "or"',
    ],
    ['oneTrustCookieCategories', 'C0001', 'oneTrustCookieCategories', 'a list of {oneTrustCookieCategory}'],
    ['ketchConsentPurposes', [{ name: 'A' }], 'ketchConsentPurposes[0].name', 'found an unknown key'],
    ['mappings', [], 'mappings', 'found an empty list, expected a mapping'],
  ])('refuses %s: %j', (key, value, path, message) => {
    expect(problemsOf({ [key]: value })).toContainEqual({ path, message: expect.stringContaining(message) });
  });

  test('takes null, which a stored configuration may hold, for not given', () => {
    expect(parseSettings({ supportDedup: null, whitelistedEvents: null })).toEqual(parseSettings({}));
  });

  test('accepts settings that cloud mode never used, with a warning', () => {
    const parsed = parseSettings({ appKey: 'x', trackAnonymousUser: { web: true } });
    expect(parsed).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('appKey'), expect.stringContaining('trackAnonymousUser')],
    });
    expect(JSON.stringify(parsed)).not.toContain('"appKey"');
  });

  test('passes over the key and the address that stand beside the settings, without showing them', () => {
    const parsed = parseSettings({
      restApiKey: 'the-secret',
      dataCenter: 'EU-01',
      restEndpoint: 'https://rest.fra-01.braze.eu',
      aliasCall: 'merge',
    });
    expect(parsed).toMatchObject({ ok: true, settings: { aliasCall: 'merge' } });
    expect(parsed.ok && parsed.warnings.map((warning) => warning.split(':')[0])).toEqual([
      'restApiKey',
      'dataCenter',
      'restEndpoint',
    ]);
    expect(JSON.stringify(parsed)).not.toContain('the-secret');
  });

  test('treats __proto__ as an unknown key like any other', () => {
    expect(problemsOf(JSON.parse('{"__proto__":1}'))).toHaveLength(1);
  });

  test('warns of an allow list that lets nothing pass', () => {
    const warningsOf = (value: object) => {
      const parsed = parseSettings({ eventFilteringOption: 'whitelistedEvents', ...value });
      return parsed.ok && parsed.warnings;
    };
    const warning = [expect.stringMatching(/^whitelistedEvents: .*no track call will be sent/)];
    expect(warningsOf({})).toEqual(warning);
    expect(warningsOf({ whitelistedEvents: [{ eventName: ' ' }] })).toEqual(warning);
    expect(warningsOf({ whitelistedEvents: [{ eventName: 'A' }] })).toEqual([]);
  });
});
