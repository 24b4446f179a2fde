import { describe, expect, it } from 'vitest';
import { letterOf } from '../../../src/dead-letters/letter.ts';
import { replayOf } from '../../../src/dead-letters/replay-record.ts';
import type { DeadLetter } from '../../../src/model/dead-letter.ts';
import { rejected } from '../../../src/model/outcome.ts';
import type { RecordHeaders } from '../../../src/model/record.ts';

const AT = 1_000;
const outcome = rejected('refused', 'braze_refused', 'no');
const HEADERS: RecordHeaders = { source: 'shop', receivedAt: 'r' };

function letter(
  event: unknown,
  parts: readonly string[] | null,
  headers: Partial<RecordHeaders> = {},
): DeadLetter {
  const value = Buffer.from(typeof event === 'string' ? event : JSON.stringify(event));
  const record = { key: 'k', value, headers: { ...HEADERS, ...headers }, timestamp: 1 };
  const undelivered = parts?.map((part) => ({ part, outcome })) ?? null;
  return letterOf(
    { destination: 'braze', topic: 't', partition: 0, offset: 1, record },
    outcome,
    undelivered,
    1,
  );
}

const TRACK = { type: 'track', userId: 'u' };
const STATE = 'attributes,subscription';

/** The headers that limit the replay and the parts that stay behind; the reason when it is skipped. */
function planned(of: DeadLetter, withAttributes = false) {
  const plan = replayOf(of, { at: AT, withAttributes });
  if ('skip' in plan) return 'skipped';
  const { source, receivedAt, replayDestination, ...limits } = plan.replay.record.headers;
  expect([source, receivedAt, replayDestination, plan.replay.record.timestamp]).toEqual([
    'shop',
    'r',
    'braze',
    AT,
  ]);
  return [limits, plan.replay.keep?.map(({ part }) => part)];
}

describe('a replay without attributes', () => {
  it.each<[string, DeadLetter, unknown]>([
    [
      'sends the parts that are no state',
      letter(TRACK, ['event:0', 'purchase:2']),
      [{ replayParts: 'event:0,purchase:2' }, []],
    ],
    [
      'leaves attributes and subscriptions in the letter',
      letter(TRACK, ['attributes:0', 'event:0']),
      [{ replayParts: 'event:0' }, ['attributes:0']],
    ],
    ['skips what is state only', letter(TRACK, ['attributes:0', 'subscription:0']), 'skipped'],
    ['skips what an earlier replay left behind', letter(TRACK, ['attributes', 'subscription']), 'skipped'],
    [
      'sends links',
      letter({ type: 'identify' }, ['identify:0', 'attributes:0']),
      [{ replayParts: 'identify:0' }, ['attributes:0']],
    ],
    [
      'of a whole event without traits leaves nothing behind',
      letter(TRACK, null),
      [{ replayWithout: STATE }, []],
    ],
    [
      'of a whole event with traits leaves what they make',
      letter({ ...TRACK, context: { traits: {} } }, null),
      [{ replayWithout: STATE }, ['attributes', 'subscription']],
    ],
    [
      'finds traits in the envelope',
      letter(TRACK, null, { envelope: '{"context":{"traits":{"a":1}}}' }),
      [{ envelope: expect.any(String), replayWithout: STATE }, ['attributes', 'subscription']],
    ],
    [
      'takes an event that cannot be read for one with traits',
      letter('{"tra', null),
      [{ replayWithout: STATE }, ['attributes', 'subscription']],
    ],
    ['skips a whole identify', letter({ type: ' Identify ' }, null), 'skipped'],
    ['skips a whole group, whose route says so', letter({}, null, { type: 'group' }), 'skipped'],
    [
      'keeps to the parts of a replay that failed before it came to them',
      letter(TRACK, null, { replayParts: 'purchase:1' }),
      [{ replayParts: 'purchase:1' }, []],
    ],
    [
      'leaves the attributes of such a replay too',
      letter(TRACK, null, { replayParts: 'event:0,attributes:0' }),
      [{ replayParts: 'event:0' }, ['attributes:0']],
    ],
    [
      'leaves nothing behind twice',
      letter({ ...TRACK, context: { traits: {} } }, null, { replayWithout: STATE }),
      [{ replayWithout: STATE }, []],
    ],
    [
      'forgets what the replay before left out, once the parts are known',
      letter(TRACK, ['event:0'], { replayWithout: STATE }),
      [{ replayParts: 'event:0' }, []],
    ],
  ])('%s', (_, of, expected) => {
    expect(planned(of)).toEqual(expected);
  });
});

describe('a replay with attributes', () => {
  it.each<[string, DeadLetter, unknown]>([
    [
      'sends all parts',
      letter(TRACK, ['attributes:0', 'event:0']),
      [{ replayParts: 'attributes:0,event:0' }, []],
    ],
    ['sends a whole identify', letter({ type: 'identify' }, null), [{}, []]],
    [
      'sends what an earlier replay left behind',
      letter(TRACK, ['attributes', 'subscription']),
      [{ replayParts: STATE }, []],
    ],
    [
      'leaves out what stands in another letter by now',
      letter(TRACK, null, { replayWithout: STATE }),
      [{ replayWithout: STATE }, []],
    ],
  ])('%s', (_, of, expected) => {
    expect(planned(of, true)).toEqual(expected);
  });

  it.each([true, false])('or without (%s) never sends damaged bytes, nor what ingest turned away', (flag) => {
    const damaged = { ...letter(TRACK, null), outcome: rejected('corrupt', 'corrupt_record', 'no') };
    expect(planned(damaged, flag)).toBe('skipped');
    expect(planned({ ...letter(TRACK, null), destination: null }, flag)).toBe('skipped');
  });
});

it('a letter keeps of a long reply its beginning', () => {
  const record = { key: 'k', value: Buffer.from('{}'), headers: HEADERS, timestamp: 1 };
  const delivery = {
    attempts: 1,
    firstAttemptAt: 1,
    lastAttemptAt: 1,
    endpoint: '/users/track',
    objects: 1,
    status: 500,
    reply: 'é'.repeat(299) + '😀'.repeat(9),
  };
  const from = { destination: 'braze', topic: 't', partition: 0, offset: 1, record, delivery };
  const { delivery: kept } = letterOf(from, outcome, null, 1);
  expect(kept?.reply).toBe(`${'é'.repeat(299)}…`);
  expect(
    letterOf({ ...from, delivery: { ...delivery, reply: 'short' } }, outcome, null, 1).delivery?.reply,
  ).toBe('short');
});
