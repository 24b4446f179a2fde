/** Settings as RudderStack's control plane stores them. */
import { describe, expect, test } from 'vitest';
import { parseSettings } from '../../../src/config/settings.ts';

/** What becomes of one setting: its final form, or the problems. */
function formOf(key: string, stored: unknown): unknown {
  const parsed = parseSettings({ [key]: stored });
  if (!parsed.ok) return parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  return Object.entries(parsed.settings).find(([name]) => name === key)?.[1];
}

const events = (...names: string[]) => names.map((eventName) => ({ eventName }));
const purposes = (...names: string[]) => names.map((purpose) => ({ purpose }));
const rule = (provider: string, ...ids: string[]) => ({
  provider,
  resolutionStrategy: '',
  consents: ids.map((consent) => ({ consent })),
});

describe('a value by source type', () => {
  test.each([
    ['is that for cloud, where there is one', { web: events('A'), cloud: events('B') }, events('B')],
    ['is that for cloud, also when it names nothing', { web: events('A'), cloud: events('') }, []],
    [
      'is what all types name, each once',
      { web: events('A', 'B'), ios: events('B', 'C') },
      events('A', 'B', 'C'),
    ],
    ['is nothing when no type names anything', { web: events(''), ios: [] }, []],
    ['is nothing without types', {}, []],
  ])('%s', (_rule, stored, form) => {
    expect(formOf('whitelistedEvents', stored)).toEqual(form);
    expect(formOf('blacklistedEvents', stored)).toEqual(form);
  });

  test('joins consent rules, which count each by itself, and categories', () => {
    expect(formOf('consentManagement', { web: [rule('ketch', 'A')], ios: [rule('ketch', 'B')] })).toEqual([
      rule('ketch', 'A'),
      rule('ketch', 'B'),
    ]);
    const category = (oneTrustCookieCategory: string) => [{ oneTrustCookieCategory }];
    expect(formOf('oneTrustCookieCategories', { web: category('A'), ios: category('B') })).toEqual([
      ...category('A'),
      ...category('B'),
    ]);
  });

  test('does not join purposes, which count together', () => {
    expect(
      formOf('ketchConsentPurposes', { web: purposes('A'), ios: purposes('A'), amp: purposes('') }),
    ).toEqual(purposes('A'));
    expect(formOf('ketchConsentPurposes', { web: purposes('A'), ios: purposes('B') })).toEqual([
      expect.stringMatching(/^ketchConsentPurposes: found different values .* expected one for cloud/),
    ]);
    expect(
      formOf('ketchConsentPurposes', { web: purposes('A'), ios: purposes('B'), cloud: purposes('C') }),
    ).toEqual(purposes('C'));
  });

  test.each([
    [{ web: 'disable' }, 'disable'],
    [{}, 'disable'],
    [{ web: 'disable', ios: 'blacklistedEvents' }, 'blacklistedEvents'],
    [{ web: 'blacklistedEvents', cloud: 'disable' }, 'disable'],
    [
      { web: 'blacklistedEvents', ios: 'whitelistedEvents' },
      [expect.stringMatching(/^eventFilteringOption: found different values/)],
    ],
  ])('chooses one list: %j', (stored, form) => {
    expect(formOf('eventFilteringOption', stored)).toEqual(form);
  });
});

describe('entries that name nothing', () => {
  test('are left out', () => {
    expect(formOf('whitelistedEvents', events('', 'A', '  '))).toEqual(events('A'));
    expect(formOf('oneTrustCookieCategories', [{ oneTrustCookieCategory: '' }])).toEqual([]);
    expect(formOf('ketchConsentPurposes', purposes(''))).toEqual([]);
    expect(
      formOf('consentManagement', [rule('oneTrust', ''), rule('ketch', '', 'B'), rule('custom')]),
    ).toEqual([rule('ketch', 'B')]);
  });
});

describe('dynamic texts', () => {
  const TEMPLATE = '{{ event.properties.x || "y" }}';

  test.each([
    ['supportDedup', TEMPLATE, 'supportDedup'],
    ['aliasCall', TEMPLATE, 'aliasCall'],
    ['packing', '{{a||b}}', 'packing'],
    ['eventFilteringOption', TEMPLATE, 'eventFilteringOption'],
    ['whitelistedEvents', TEMPLATE, 'whitelistedEvents'],
    ['whitelistedEvents', events('A', TEMPLATE), 'whitelistedEvents[1].eventName'],
    ['blacklistedEvents', { web: events(TEMPLATE) }, 'blacklistedEvents.web[0].eventName'],
    ['consentManagement', [rule('custom', TEMPLATE)], 'consentManagement[0].consents[0].consent'],
  ])('are refused once, with their place, in %s', (key, value, path) => {
    expect(formOf(key, value)).toEqual([
      expect.stringMatching(`^${path.replaceAll(/[[\]]/g, '\\$&')}: .*template`),
    ]);
  });

  test('env.NAME is refused with the form that is served here', () => {
    expect(formOf('ketchConsentPurposes', purposes('env.KETCH'))).toEqual([
      `ketchConsentPurposes[0].purpose: found RudderStack's form env.NAME, expected the value itself or a reference \${NAME}`,
    ]);
  });

  test('are ordinary text in settings that RudderStack does not have, and where nothing is read', () => {
    expect(formOf('orderProperties', ['env.x'])).toEqual(['env.x']);
    expect(parseSettings({ appKey: TEMPLATE, webApiKey: 'env.KEY' }).ok).toBe(true);
    expect(formOf('mappings', { events: [{ name: 'env.x', drop: true }] })).toBeTruthy();
  });

  test.each(['{{ a }}', '{ a || b }', 'environment', 'my env.X y', 'a {{ b || c }}'])(
    '%s is none',
    (name) => {
      expect(formOf('whitelistedEvents', events(name))).toEqual(events(name));
    },
  );
});
