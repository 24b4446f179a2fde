import { expect, it } from 'vitest';
import type { Json } from '../../../src/sandbox/json.ts';
import { standardValue } from '../../../src/sandbox/standard-values.ts';
import { createWorkspace } from '../../../src/sandbox/workspace.ts';

/** The value to store; null clears, undefined leaves what was there. */
const next = (name: string, sent: Json) => standardValue(name, sent, createWorkspace());

it.each<[Json, string | null]>([
  ['DE', 'DE'],
  ['de', 'DE'],
  ['Germany', 'DE'],
  [' united states ', 'US'],
  ['USA', 'US'],
  ['UK', 'GB'],
  ['Atlantis', null],
  ['ZZ', null],
  ['XA', null],
  ['EU', null],
  ['SU', null],
  ['', null],
  [49, null],
])('rule 40: a country becomes its code, or is cleared: %j → %j', (sent, expected) => {
  expect(next('country', sent)).toBe(expected);
});

it.each(['Europe/Berlin', 'Asia/Calcutta', 'UTC', 'US/Pacific', 'Eastern Time (US & Canada)', 'Berlin'])(
  'rule 40: the time zone %s is known',
  (sent) => {
    expect(next('time_zone', sent)).toBe(sent);
  },
);

it.each(['Mars/Olympus', '+01:00', '', 1, ['UTC']])(
  'rule 40: the unknown time zone %j changes nothing, whatever is assumed',
  (sent) => {
    expect(next('time_zone', sent)).toBeUndefined();
    const workspace = createWorkspace({ assume: { badStandardValues: 'stored' } });
    expect(standardValue('time_zone', sent, workspace)).toBeUndefined();
  },
);

it.each<[string, Json, Json]>([
  ['language', 'de', 'de'],
  ['language', 'EN', 'en'],
  ['dob', '2004-02-29', '2004-02-29'],
  ['gender', 'P', 'P'],
  ['email', 'A@B.co', 'a@b.co'],
  ['first_name', 'x'.repeat(255), 'x'.repeat(255)],
  ['phone', '+4930', '+4930'],
  ['email_open_tracking_disabled', false, false],
  ['date_of_first_session', '02/15/2019', '02/15/2019'],
  ['twitter', { id: 1 }, { id: 1 }],
  ['image_url', `https://x.example/${'x'.repeat(300)}`, `https://x.example/${'x'.repeat(300)}`],
])('rule 40: %s takes %j', (name, sent, expected) => {
  expect(next(name, sent)).toEqual(expected);
});

it.each<[string, Json]>([
  ['language', 'qq'],
  ['language', 'german'],
  ['dob', '2005-02-29'],
  ['dob', '29.02.2004'],
  ['dob', '02/28/2004'],
  ['dob', 20040229],
  ['gender', 'male'],
  ['gender', 'm'],
  ['first_name', 7],
  ['email_click_tracking_disabled', 'yes'],
  ['date_of_last_session', 'yesterday'],
  ['date_of_last_session', 1],
  ['facebook', 'ada'],
  ['image_url', 1],
])('rule 40: %s is unchanged by %j, and stores it by a switch', (name, sent) => {
  expect(next(name, sent)).toBeUndefined();
  const workspace = createWorkspace({ assume: { badStandardValues: 'stored' } });
  expect(standardValue(name, sent, workspace)).toEqual(sent);
});

it('rule 37: a standard text over 255 characters changes nothing, and is cut off by a switch', () => {
  const long = 'x'.repeat(256);
  expect(next('first_name', long)).toBeUndefined();
  const cutting = createWorkspace({ assume: { longStrings: 'truncated' } });
  expect(standardValue('first_name', long, cutting)).toBe(long.slice(1));
  const storing = createWorkspace({ assume: { badStandardValues: 'stored' } });
  expect(standardValue('first_name', long, storing)).toBeUndefined();
});
