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
      settings: { sendPurchaseEventWithExtraProperties: false, aliasCall: 'alias' },
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
    ['supportDedup', false],
    ['eventFilteringOption', 'disable'],
    ['eventFilteringOption', { web: 'disable' }],
    ['whitelistedEvents', []],
    ['blacklistedEvents', { web: [{ eventName: '' }] }],
    ['consentManagement', [{ provider: 'oneTrust', resolutionStrategy: '', consents: [{ consent: '' }] }]],
    ['ketchConsentPurposes', [{ purpose: '' }]],
  ])('accepts the unserved %s when it asks for nothing: %j', (key, value) => {
    expect(problemsOf({ [key]: value })).toEqual([]);
  });

  test.each([
    ['supportDedup', true],
    ['enableNestedArrayOperations', true],
    ['eventFilteringOption', 'whitelistedEvents'],
    ['whitelistedEvents', [{ eventName: 'Order Completed' }]],
    ['consentManagement', [{ provider: 'oneTrust', consents: [{ consent: 'C0001' }] }]],
  ])('refuses the unserved %s when it asks for something: %j', (key, value) => {
    expect(problemsOf({ [key]: value })).toEqual([
      { path: key, message: expect.stringContaining('not supported in this version') },
    ]);
  });

  test('accepts settings that cloud mode never used, with a warning', () => {
    const parsed = parseSettings({ appKey: 'x', trackAnonymousUser: { web: true } });
    expect(parsed).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('appKey'), expect.stringContaining('trackAnonymousUser')],
    });
    expect(JSON.stringify(parsed)).not.toContain('"appKey"');
  });

  test('passes over the key and the data centre that stand beside the settings at RudderStack, without showing them', () => {
    const parsed = parseSettings({ restApiKey: 'the-secret', dataCenter: 'EU-01', aliasCall: 'merge' });
    expect(parsed).toMatchObject({ ok: true, settings: { aliasCall: 'merge' } });
    expect(parsed.ok && parsed.warnings.map((warning) => warning.split(':')[0])).toEqual([
      'restApiKey',
      'dataCenter',
    ]);
    expect(JSON.stringify(parsed)).not.toContain('the-secret');
  });

  test('treats __proto__ as an unknown key like any other', () => {
    expect(problemsOf(JSON.parse('{"__proto__":1}'))).toHaveLength(1);
  });
});
