/** The allow list and the deny list of event names. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { normalise } from '../../../src/model/normalise.ts';
import type { DestinationSettings } from '../../../src/model/settings.ts';
import { createRouter } from '../../../src/pipeline/routing.ts';

const LISTS = {
  whitelistedEvents: [{ eventName: 'Order Completed' }, { eventName: ' Lamp Lit ' }, { eventName: 'Ärger' }],
  blacklistedEvents: [{ eventName: 'Heartbeat' }, { eventName: 'constructor' }],
};
const ALLOW: DestinationSettings = { ...LISTS, eventFilteringOption: 'whitelistedEvents' };
const DENY: DestinationSettings = { ...LISTS, eventFilteringOption: 'blacklistedEvents' };

function codeFor(settings: DestinationSettings, raw: JsonObject): string {
  const headers = { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' };
  const outcome = createRouter(settings)(normalise({ type: 'track', userId: 'u1', ...raw }, headers).event);
  return outcome.status === 'filtered' ? outcome.code : outcome.status;
}

describe('an allow list', () => {
  it.each([
    ['Order Completed', 'wanted'],
    ['order completed', 'wanted'],
    ['  ORDER COMPLETED ', 'wanted'],
    ['Lamp Lit', 'wanted'],
    [' Lamp Lit ', 'wanted'],
    ['ÄRGER', 'wanted'],
    ['Order  Completed', 'event_not_allowed'],
    ['Order', 'event_not_allowed'],
    ['Heartbeat', 'event_not_allowed'],
    ['constructor', 'event_not_allowed'],
    ['__proto__', 'event_not_allowed'],
  ])('%j: %s', (event, code) => {
    expect(codeFor(ALLOW, { event })).toBe(code);
  });

  it('lets no track call pass when it names nothing', () => {
    expect(codeFor({ eventFilteringOption: 'whitelistedEvents' }, { event: 'Lamp Lit' })).toBe(
      'event_not_allowed',
    );
  });
});

describe('a deny list', () => {
  it.each([
    ['Heartbeat', 'event_denied'],
    [' heartBEAT', 'event_denied'],
    ['constructor', 'event_denied'],
    ['Heartbeats', 'wanted'],
    ['Order Completed', 'wanted'],
    ['toString', 'wanted'],
  ])('%j: %s', (event, code) => {
    expect(codeFor(DENY, { event })).toBe(code);
  });

  it('denies nothing when it names nothing', () => {
    expect(codeFor({ eventFilteringOption: 'blacklistedEvents' }, { event: 'Lamp Lit' })).toBe('wanted');
  });
});

describe('both lists', () => {
  it.each([['disable'], [undefined]] as const)('count for nothing when the option is %s', (option) => {
    const settings = { ...LISTS, ...(option && { eventFilteringOption: option }) };
    expect(codeFor(settings, { event: 'Heartbeat' })).toBe('wanted');
    expect(codeFor(settings, { event: 'Other' })).toBe('wanted');
  });

  it.each([
    { type: 'identify' },
    { type: 'page', name: 'Heartbeat', event: 'Heartbeat' },
    { type: 'screen', name: 'Heartbeat' },
    { type: 'group', groupId: 'g' },
    { type: 'alias', previousId: 'p' },
  ])('look at track calls alone: $type passes', (raw) => {
    expect(codeFor(ALLOW, raw)).toBe('wanted');
    expect(codeFor(DENY, raw)).toBe('wanted');
  });

  it.each([[undefined], [''], ['  '], [7], [null], [['Heartbeat']]])(
    'leave a name that is none to the transformer, which rejects it: %j',
    (event) => {
      const raw = event === undefined ? {} : { event };
      expect(codeFor(ALLOW, raw)).toBe('wanted');
      expect(codeFor(DENY, raw)).toBe('wanted');
    },
  );

  it('say in their message which list it was', () => {
    const { event } = normalise(
      { type: 'track', userId: 'u1', event: 'Heartbeat' },
      { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' },
    );
    expect(createRouter(ALLOW)(event)).toMatchObject({
      message: expect.stringContaining('whitelistedEvents'),
    });
    expect(createRouter(DENY)(event)).toMatchObject({
      message: expect.stringContaining('blacklistedEvents'),
    });
  });
});
