import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKafkaRequests, type KafkaRequests } from '../../../../src/log/kafka/requests.ts';
import { createRequestIds, LANES } from '../../../../src/log/kafka/requests-ids.ts';
import type { AssignedPlace } from '../../../../src/log/kafka/requests-unfinished.ts';
import type { NotedRequest, RequestEnd, RequestNote } from '../../../../src/log/log.ts';
import { EVENTS_TOPIC } from '../../../../src/model/record.ts';
import { START } from '../../../support/log-harness.ts';
import { REQUEST_TOPIC } from './composed-log.ts';
import { createTopics, type TopicsInMemory } from './topics-in-memory.ts';

let topics: TopicsInMemory;
let opened: KafkaRequests[];

type Places = readonly AssignedPlace[] | undefined;

/** A worker that has these places of every group. */
async function worker(places: () => Places = () => undefined): Promise<KafkaRequests> {
  const requests = await createKafkaRequests({
    ...topics,
    topic: REQUEST_TOPIC,
    now: () => START,
    assigned: places,
  });
  opened.push(requests);
  return requests;
}

beforeEach(() => {
  topics = createTopics();
  opened = [];
});

afterEach(() => {
  for (const each of opened) each.close();
});

function note(
  id: number,
  partition = 0,
  offsets: readonly number[] = [id],
  topic = EVENTS_TOPIC,
): RequestNote {
  const operations = offsets.map((offset) => ({ offset, part: 'event:0' }));
  return { id, at: START, endpoint: '/users/track', topic, partition, operations };
}

function end(id: number, doubtful = false): RequestEnd {
  return { id, attempts: [], attemptCount: 1, doubtful };
}

function place(partition: number, more: Partial<AssignedPlace> = {}): AssignedPlace {
  return { topic: EVENTS_TOPIC, partition, progress: { watermark: 0, settled: [] }, floor: 0, ...more };
}

const idsOf = (notes: readonly (RequestNote | NotedRequest)[]) => notes.map(({ id }) => id);

function messagesIn(partition: number) {
  return topics.partition('requests', partition).messages;
}

describe('a note', () => {
  it('stands in the partition of its records, and its end under the same key with all of it', async () => {
    const requests = await worker();
    await requests.note('a', { begun: [note(5, 2, [7, 9])] });
    await requests.note('a', { ended: [end(5, true)] });
    topics.compact('requests');
    expect(messagesIn(2)).toHaveLength(1);
    const later = await worker();
    expect(await later.requests({ limit: 9 })).toEqual([
      { ...note(5, 2, [7, 9]), group: 'a', end: end(5, true) },
    ]);
  });

  it('of a partition that the topic of notes does not have stands in one that it has', async () => {
    const requests = await worker();
    await requests.note('a', { begun: [note(1, 4)] });
    expect(idsOf(await requests.unfinished('a'))).toEqual([1]);
    expect(messagesIn(1)).toHaveLength(1);
  });

  it('is written however long the brokers are away, and its end never before it', async () => {
    const requests = await worker();
    topics.failSends(1);
    const begun = requests.note('a', { begun: [note(1)] });
    const ended = requests.note('a', { ended: [end(1)] });
    await Promise.all([begun, ended]);
    expect(messagesIn(0).map(({ value }) => value!.toString().includes('"end"'))).toEqual([false, true]);
  });

  it('that cannot be written before the log closes rejects as closing', async () => {
    const requests = await worker();
    topics.failSends(1_000);
    const begun = requests.note('a', { begun: [note(1)] });
    requests.close();
    await expect(begun).rejects.toMatchObject({ name: 'LogError', code: 'log_closing' });
  });

  it('that the brokers refuse for good holds no floor back, and its end is nobody’s', async () => {
    const requests = await worker();
    await requests.unfinished('a');
    topics.refuseSend();
    await expect(requests.note('a', { begun: [note(1)] })).rejects.toMatchObject({ code: 'log_unusable' });
    await requests.note('a', { begun: [note(2)] });
    await requests.note('a', { ended: [end(2)] });
    expect(requests.floorOf('a', 0)).toBe(2);
    await requests.note('a', { ended: [end(1)] });
    expect(messagesIn(0)).toHaveLength(2);
  });

  it('that still waits is not written when its partition is somebody else’s', async () => {
    const requests = await worker();
    topics.failSends(1_000);
    const begun = requests.note('a', { begun: [note(1)] });
    requests.forget('a');
    await begun;
    topics.failSends(0);
    await requests.note('a', { ended: [end(1)] });
    expect(messagesIn(0)).toEqual([]);
  });

  it('with one end keeps it, though another comes while the first is written', async () => {
    const requests = await worker();
    await requests.note('a', { begun: [note(1)] });
    await Promise.all([
      requests.note('a', { ended: [end(1)] }),
      requests.note('a', { ended: [end(1, true)] }),
    ]);
    expect(messagesIn(0)).toHaveLength(2);
    expect((await requests.requests({ limit: 1 }))[0]?.end).toEqual(end(1));
  });
});

describe('what is unfinished', () => {
  it('is that of the partitions that are assigned, of the topic they are of', async () => {
    const first = await worker();
    const other = note(4, 1, [4], 'orders');
    await first.note('a', { begun: [note(1, 0), note(2, 1), note(3, 2), other] });
    const second = await worker(() => [place(0), place(1)]);
    expect(idsOf(await second.unfinished('a'))).toEqual([1, 2]);
    const third = await worker(() => [place(1, { topic: 'orders' })]);
    expect(idsOf(await third.unfinished('a'))).toEqual([4]);
    const none = await worker(() => []);
    expect(await none.unfinished('a')).toEqual([]);
  });

  it('has no operations whose records are settled', async () => {
    await (await worker()).note('a', { begun: [note(1, 0, [3, 5, 8])] });
    const progress = { watermark: 4, settled: [{ from: 8, to: 9 }] };
    const [left] = await (await worker(() => [place(0, { progress })])).unfinished('a');
    expect(left?.operations.map(({ offset }) => offset)).toEqual([5]);
  });

  it('is looked for from the floor on alone', async () => {
    const first = await worker();
    await first.note('a', { begun: Array.from({ length: 40 }, (_, id) => note(id + 1)) });
    const second = await worker(() => [place(0, { floor: 38 })]);
    const before = topics.handedOut;
    expect(idsOf(await second.unfinished('a'))).toEqual([39, 40]);
    expect(topics.handedOut - before).toBe(2);
  });

  it('is ended by who took it over, and by then nobody’s any more', async () => {
    await (await worker()).note('a', { begun: [note(1), note(2)] });
    const second = await worker(() => [place(0)]);
    await second.unfinished('a');
    await second.note('a', { ended: [end(1, true)] });
    expect(idsOf(await (await worker(() => [place(0)])).unfinished('a'))).toEqual([2]);
    topics.compact('requests');
    expect(messagesIn(0)).toHaveLength(2);
  });
});

describe('the floor', () => {
  it('is the one that came with the partition until what is open there is known', async () => {
    const requests = await worker(() => [place(0, { floor: 17 })]);
    expect(requests.floorOf('a', 0)).toBe(17);
    expect(requests.floorOf('a', 1)).toBe(0);
    await requests.note('a', { begun: [note(1)] });
    expect(requests.floorOf('a', 0)).toBe(17);
  });

  it('is the first open note, and behind the last message when none is open', async () => {
    const requests = await worker(() => [place(0)]);
    await requests.unfinished('a');
    await requests.note('a', { begun: [note(1)] });
    await requests.note('a', { begun: [note(2)] });
    expect(requests.floorOf('a', 0)).toBe(0);
    await requests.note('a', { ended: [end(1)] });
    expect(requests.floorOf('a', 0)).toBe(1);
    await requests.note('a', { ended: [end(2)] });
    expect(requests.floorOf('a', 0)).toBe(4);
  });

  it('is held down by its own partition’s notes alone', async () => {
    const requests = await worker(() => [place(0), place(1)]);
    await requests.unfinished('a');
    await requests.note('a', { begun: [note(1, 0), note(2, 1), note(3, 1)] });
    await requests.note('a', { ended: [end(2), end(3)] });
    expect([requests.floorOf('a', 0), requests.floorOf('a', 1)]).toEqual([0, 4]);
  });

  it('is held down by a note that is not durable yet, and by an end that is not', async () => {
    const requests = await worker(() => [place(0)]);
    await requests.unfinished('a');
    await requests.note('a', { begun: [note(1)] });
    const ending = requests.note('a', { ended: [end(1)] });
    expect(requests.floorOf('a', 0)).toBe(0);
    await ending;
    expect(requests.floorOf('a', 0)).toBe(2);
    topics.failSends(1);
    const begun = requests.note('a', { begun: [note(2)] });
    await requests.note('a', { begun: [note(3)] });
    await requests.note('a', { ended: [end(3)] });
    expect(requests.floorOf('a', 0)).toBe(2);
    await begun;
    expect(requests.floorOf('a', 0)).toBe(4);
  });

  it('is held down by what was taken over, and begins anew with other partitions', async () => {
    await (await worker()).note('a', { begun: [note(1), note(2)] });
    const places = [place(0, { floor: 1 })];
    const requests = await worker(() => places);
    await requests.unfinished('a');
    expect(requests.floorOf('a', 0)).toBe(1);
    await requests.note('a', { ended: [end(2)] });
    expect(requests.floorOf('a', 0)).toBe(3);
    requests.forget('a');
    expect(requests.floorOf('a', 0)).toBe(1);
  });

  it('never lets what is open be overlooked, whatever is begun, ended and handed over', async () => {
    let floor = 0;
    const open = new Set<number>();
    const endOne = async (requests: KafkaRequests, pick: number) => {
      const doomed = [...open][pick % (open.size + 2)];
      if (doomed === undefined) return;
      await requests.note('a', { ended: [end(doomed)] });
      open.delete(doomed);
    };
    for (let life = 0; life < 6; life += 1) {
      const requests = await worker(() => [place(0, { floor })]);
      expect(idsOf(await requests.unfinished('a'))).toEqual([...open].sort((a, b) => a - b));
      for (let step = 0; step < 12; step += 1) {
        await endOne(requests, (life * 12 + step) * 7);
        const id = requests.newRequestId();
        await requests.note('a', { begun: [note(id)] });
        open.add(id);
        if (step % 5 === 0) floor = requests.floorOf('a', 0);
      }
    }
    expect(floor).toBeGreaterThan(0);
  });
});

describe('looking back', () => {
  const ids = (count: number) => Array.from({ length: count }, (_, id) => id + 1);
  const filler = { key: 'x', value: Buffer.from('{}'), headers: {}, timestamp: START };

  it('reads no more than it needs', async () => {
    const requests = await worker();
    await requests.note('a', { begun: ids(5_000).map((id) => note(id)) });
    const before = topics.handedOut;
    expect(idsOf(await requests.requests({ limit: 3 }))).toEqual([5_000, 4_999, 4_998]);
    expect(topics.handedOut - before).toBe(2_000);
  });

  it('goes on behind the ends of older requests, to those that were begun later', async () => {
    const requests = await worker();
    await requests.note('a', { begun: ids(2_100).map((id) => note(id)) });
    await requests.note('a', { ended: ids(1_999).map((id) => end(id)) });
    expect(idsOf(await requests.requests({ limit: 3 }))).toEqual([2_100, 2_099, 2_098]);
  });

  it('keeps an end that was met long before its beginning', async () => {
    const requests = await worker();
    await requests.note('a', { begun: [note(1)] });
    await topics.outbox.send('requests', 0, Array(2_500).fill(filler));
    await requests.note('a', { ended: [end(1)] });
    expect(await requests.requests({ limit: 9 })).toEqual([{ ...note(1), group: 'a', end: end(1) }]);
  });

  it('goes no further than 50,000 messages of a partition', async () => {
    const requests = await worker();
    await requests.note('a', { begun: [note(1)] });
    const filler = { key: 'x', value: Buffer.from('{}'), headers: {}, timestamp: START };
    await topics.outbox.send(
      'requests',
      0,
      Array.from({ length: 49_999 }, () => filler),
    );
    expect(idsOf(await requests.requests({ limit: 3 }))).toEqual([1]);
    await topics.outbox.send('requests', 0, [filler]);
    expect(await requests.requests({ limit: 3 })).toEqual([]);
  });

  it('finds the requests of all workers, two with the same id included', async () => {
    const [one, two] = [await worker(), await worker()];
    await one.note('a', { begun: [note(1, 0)] });
    await two.note('a', { begun: [note(1, 0), note(2, 1)] });
    expect(idsOf(await one.requests({ limit: 9 }))).toEqual([2, 1, 1]);
  });

  it('passes over what is no note', async () => {
    const bad = ['a\0w\0x', 'a\0w', 'a\0w\x001', 'a\0w\x001'].map((key, index) => ({
      key,
      value: index === 3 ? null : Buffer.from('{'),
      headers: {},
      timestamp: START,
    }));
    await topics.outbox.send('requests', 0, bad);
    const requests = await worker();
    expect(await requests.requests({ limit: 9 })).toEqual([]);
    expect(await requests.unfinished('a')).toEqual([]);
  });
});

describe('ids', () => {
  it('of a process that begins later are larger than any that were given out, though the clock stands still', async () => {
    const first = await worker();
    const id = first.newRequestId();
    await first.note('a', { begun: [note(id)] });
    expect((await worker()).newRequestId()).toBeGreaterThan(id);
  });

  it('are larger than those of whoever had the partition before', async () => {
    const [first, second] = [await worker(), await worker()];
    const given = Array.from({ length: 9 }, first.newRequestId);
    await first.note('a', { begun: given.map((id) => note(id)) });
    await second.unfinished('a');
    expect(second.newRequestId()).toBeGreaterThan(Math.max(...given));
  });

  it('are whole numbers below 2^53 until 2059, and of two lanes never the same', () => {
    const ids = createRequestIds(() => Date.UTC(2059, 0, 1), LANES - 1);
    expect(Number.isSafeInteger(ids.next())).toBe(true);
    const [even, odd] = [createRequestIds(() => START, 2), createRequestIds(() => START, 3)];
    const given = Array.from({ length: 1_000 }, () => [even.next(), odd.next()]).flat();
    expect(new Set(given).size).toBe(2_000);
  });

  it('go on from what was seen, and from the clock when that is ahead', () => {
    let now = START;
    const ids = createRequestIds(() => now, 0);
    const first = ids.next();
    ids.saw(first + 100 * LANES);
    expect(ids.next()).toBeGreaterThan(first + 100 * LANES);
    now += 60_000;
    expect(ids.next() - first).toBe(60_000 * 16 * LANES);
  });
});

it('does not try again what failed by a fault of ours', async () => {
  const requests = await worker();
  vi.spyOn(topics.outbox, 'send').mockRejectedValue(new RangeError('a bug'));
  await expect(requests.note('a', { begun: [note(1)] })).rejects.toThrow('a bug');
});
