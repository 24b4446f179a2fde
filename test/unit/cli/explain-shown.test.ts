import { expect, it } from 'vitest';
import { doubtfulText, explainedText } from '../../../src/cli/explain-shown.ts';

const attempt = { at: 'T2', durationMs: 12.4, status: null, what: 'econnreset', objects: 3 };

it('tells of a record: what is made of it, its requests, and where it stands', () => {
  const request = {
    id: 1,
    at: 'T1',
    endpoint: '/users/track',
    parts: ['event:0'],
    objects: 3,
    state: 'ended' as const,
    attempts: [attempt],
    attemptCount: 7,
    inDoubt: true,
  };
  const text = explainedText({
    messageId: 'm\u001b[31m',
    records: [
      {
        position: 'brazier.events/0/7',
        acceptedAt: 'T0',
        source: 'shop',
        corrupt: false,
        replayFor: null,
        destinations: [
          {
            destination: 'braze',
            plan: {
              status: 'operations',
              parts: [{ part: 'event:0', endpoint: '/users/track', bytes: 9 }],
              warnings: [{ code: 'unknown_gender', path: 'traits.gender' }],
            },
            requests: [request],
            standing: { state: 'waiting', mayHaveCountedTwice: true },
            halted: 'key_refused',
          },
        ],
      },
    ],
    letters: [],
    lettersUnknown: false,
  });
  expect(text.split('\n')).toEqual([
    'messageId m·[31m',
    '',
    'accepted T0 from source shop, at brazier.events/0/7',
    '  braze: waits, in the log or in the queue: something of it has still to leave; in doubt: Braze may have counted it more often than once; the destination is halted (key_refused)',
    '    event:0 → /users/track, 9 bytes',
    '    warning unknown_gender at traits.gender',
    '    request T1 /users/track, 3 objects, with event:0, in doubt',
    '      T2 no reply econnreset, after 12 ms',
    '      7 attempts in all',
    '',
  ]);
});

it('says of an event that the log does not hold how to look further', () => {
  const text = explainedText({ messageId: 'm', records: [], letters: [], lettersUnknown: true });
  expect(text).toContain('the log does not hold it');
  expect(text).toContain('--person <id>');
});

it('lists what is in doubt, and where the list goes on', () => {
  const event = { messageId: null, source: null, position: 'brazier.events/0/3', parts: ['purchase:1'] };
  const request = { id: 5, at: 'T1', destination: 'braze', endpoint: '/users/track', attempts: [] };
  const killed = { ...request, attemptCount: 0, events: [event] };
  const lost = { ...request, attempts: [attempt], attemptCount: 1, events: [] };
  expect(doubtfulText({ requests: [killed, lost], next: 5 }).split('\n')).toEqual([
    'T1 braze /users/track: under way when the process was killed',
    '  not in the log any more, brazier.events/0/3: purchase:1',
    'T1 braze /users/track: a reply was lost',
    '  T2 no reply econnreset, after 12 ms',
    '',
    'older ones: --before 5',
    '',
  ]);
  expect(doubtfulText({ requests: [], next: null })).toBe('no request is in doubt\n');
});
