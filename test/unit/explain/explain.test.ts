import { expect, it } from 'vitest';
import { createExplain } from '../../../src/explain/explain.ts';
import { createPlanner } from '../../../src/explain/planner.ts';
import { createMemoryLog } from '../../../src/log/memory-log.ts';
import type { RequestNote } from '../../../src/log/request-note.ts';
import { rejected } from '../../../src/model/outcome.ts';
import { EVENTS_TOPIC } from '../../../src/model/record.ts';

const AT = Date.UTC(2026, 0, 2);
const headers = { source: 'shop', receivedAt: new Date(AT).toISOString() };
const { signal } = new AbortController();

function recordOf(messageId: string, userId = 'canary-user') {
  const event = { type: 'track', userId, event: 'Step', messageId, timestamp: headers.receivedAt };
  const value = Buffer.from(
    JSON.stringify({ ...event, context: { traits: { email: 'canary@example.com' } } }),
  );
  return { key: `external_id:${userId}`, value, headers, timestamp: AT };
}

function note(id: number, offsets: readonly number[], part = 'event:0'): RequestNote {
  const operations = offsets.map((offset) => ({ offset, part }));
  return { id, at: AT, endpoint: '/users/track', topic: EVENTS_TOPIC, partition: 0, operations };
}

async function rig() {
  const log = createMemoryLog({ now: () => AT });
  await log.attach([{ group: 'braze', start: 'beginning' }]);
  const planner = createPlanner({ id: 'braze', settings: {} }, [{ id: 'shop', destinations: null }]);
  const explain = createExplain({ log, planners: () => [planner], haltOf: () => 'key_refused' });
  return { log, explain };
}

it('takes a request for one of the record only where it holds the record itself', async () => {
  const { log, explain } = await rig();
  await log.append(EVENTS_TOPIC, [recordOf('a'), recordOf('b'), recordOf('c')]);
  await log.note('braze', { begun: [note(1, [0, 2]), note(2, [1, 2], 'attributes:0')] });
  const { records } = await explain.event({ messageId: 'b' }, signal);
  expect(records[0]?.destinations[0]?.requests).toMatchObject([
    { id: 2, parts: ['attributes:0'], objects: 2 },
  ]);
  expect(records[0]?.destinations[0]).toMatchObject({
    standing: { state: 'under_way' },
    halted: 'key_refused',
  });
});

it('finds the requests of a record behind hundreds of others that span it', async () => {
  const { log, explain } = await rig();
  await log.append(EVENTS_TOPIC, [recordOf('a'), recordOf('b'), recordOf('c')]);
  await log.note('braze', { begun: [note(1, [1])] });
  await log.note('braze', { begun: Array.from({ length: 450 }, (_, index) => note(2 + index, [0, 2])) });
  const { records } = await explain.event({ messageId: 'b' }, signal);
  expect(records[0]?.destinations[0]?.requests.map(({ id }) => id)).toEqual([1]);
});

it('calls in doubt only what counts', async () => {
  const { log, explain } = await rig();
  await log.append(EVENTS_TOPIC, [recordOf('a'), recordOf('b')]);
  const [event, attributes] = [note(1, [0]), note(2, [1], 'attributes:0')];
  await log.note('braze', {
    begun: [{ ...event, operations: [...event.operations, ...attributes.operations] }],
  });
  await log.note('braze', { ended: [{ id: 1, attempts: [], attemptCount: 0, doubtful: true }] });
  const twice = async (messageId: string) =>
    (await explain.event({ messageId }, signal)).records[0]?.destinations[0]?.standing.mayHaveCountedTwice;
  expect([await twice('a'), await twice('b')]).toEqual([true, false]);
  const { requests } = await explain.doubtful({ limit: 10 });
  expect(requests.flatMap(({ events }) => events)).toEqual([
    { messageId: 'a', source: 'shop', position: 'brazier.events/0/0', parts: ['event:0'] },
  ]);
});

it('finds a letter of an event that the log does not hold when it is told whose it is, and says when it is not', async () => {
  const { log, explain } = await rig();
  const outcome = rejected('refused', 'braze_refused', 'canary');
  const about = { destination: 'braze', at: AT, position: null, outcome, undelivered: null };
  await log.append(
    EVENTS_TOPIC,
    [],
    [
      { ...about, id: 'l1', record: recordOf('gone') },
      { ...about, id: 'l2', record: recordOf('another') },
    ],
  );
  expect(await explain.event({ messageId: 'gone' }, signal)).toMatchObject({
    letters: [],
    lettersUnknown: true,
  });
  const found = await explain.event({ messageId: 'gone', person: 'canary-user' }, signal);
  expect(found).toMatchObject({ records: [], letters: [{ id: 'l1' }], lettersUnknown: false });
  expect(JSON.stringify(found)).not.toContain('canary');
});

it('pages through what is in doubt, by destination', async () => {
  const { log, explain } = await rig();
  await log.append(EVENTS_TOPIC, [recordOf('a')]);
  for (const [id, group] of [
    [1, 'braze'],
    [2, 'other'],
    [3, 'braze'],
  ] as const) {
    await log.note(group, { begun: [note(id, [0])] });
    await log.note(group, { ended: [{ id, attempts: [], attemptCount: 0, doubtful: true }] });
  }
  const first = await explain.doubtful({ destination: 'braze', limit: 1 });
  expect(first).toMatchObject({ requests: [{ id: 3 }], next: 3 });
  const rest = await explain.doubtful({ destination: 'braze', limit: 2, before: 3 });
  expect(rest).toMatchObject({ requests: [{ id: 1 }], next: null });
});
