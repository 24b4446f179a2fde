/** What every log remembers of requests, and how single records are found again: the rules as tests. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog, RequestEnd, RequestNote } from '../../src/log/log.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import { append, type LogHarness, record, textOf } from '../support/log-harness.ts';

function note(id: number, offsets: readonly number[], parts: readonly string[] = []): RequestNote {
  const operations = offsets.map((offset, index) => ({ offset, part: parts[index] ?? 'event:0' }));
  return { id, at: 1_000 + id, endpoint: '/users/track', topic: EVENTS_TOPIC, partition: 0, operations };
}

function end(id: number, doubtful = false): RequestEnd {
  const attempts = [{ at: 1_000 + id, durationMs: 5, status: 201, what: 'final', objects: 2 }];
  return { id, attempts, attemptCount: 1, doubtful };
}

export function describeRequestContract(name: string, createHarness: () => LogHarness): void {
  describe(`requests and records of a log: ${name}`, () => {
    let harness: LogHarness;
    let log: EventLog;

    beforeEach(async () => {
      harness = createHarness();
      log = await harness.open();
      await log.attach([{ group: 'a', start: 'beginning' }]);
    });

    afterEach(() => harness.dispose());

    it('gives back a noted request as it was, without an end while it is under way', async () => {
      const request = note(7, [5, 3, 3], ['event:0', 'purchase:0', 'purchase:1']);
      await log.note('a', { begun: [request] });
      expect(await log.requests({ limit: 10 })).toEqual([{ ...request, group: 'a', end: null }]);
    });

    it('names after a crash the requests that were under way, and those alone', async () => {
      await log.note('a', { begun: [note(1, [1]), note(2, [2])] });
      await log.note('b', { begun: [note(3, [3])] });
      await log.note('a', { ended: [end(1)] });
      log = await harness.crash(log);
      expect((await log.unfinished('a')).map(({ id }) => id)).toEqual([2]);
      expect((await log.unfinished('b')).map(({ id }) => id)).toEqual([3]);
    });

    it('gives out ids that no note has, also after a crash', async () => {
      const ids = [log.newRequestId(), log.newRequestId()];
      await log.note('a', { begun: [note(ids[0] ?? 0, [1])] });
      await log.note('b', { begun: [note(ids[1] ?? 0, [2])] });
      log = await harness.crash(log);
      ids.push(log.newRequestId(), log.newRequestId());
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    });

    it('keeps the end of a request, and only the first', async () => {
      await log.note('a', { begun: [note(1, [1])] });
      await log.note('a', { ended: [end(1)] });
      await log.note('a', { ended: [end(1, true), end(99)] });
      const [request] = await log.requests({ limit: 10 });
      expect(request?.end).toEqual(end(1));
    });

    it('finds requests by group, by record and by doubt, newest first, a page at a time', async () => {
      await log.note('a', { begun: [note(1, [10, 12]), note(2, [11]), note(3, [40])] });
      await log.note('b', { begun: [note(4, [11])] });
      await log.note('a', { ended: [end(2, true), end(3)] });
      const ids = async (query: Parameters<EventLog['requests']>[0]) =>
        (await log.requests(query)).map(({ id }) => id);
      expect(await ids({ limit: 10 })).toEqual([4, 3, 2, 1]);
      expect(await ids({ limit: 2, before: 4 })).toEqual([3, 2]);
      expect(await ids({ limit: 10, group: 'a' })).toEqual([3, 2, 1]);
      expect(await ids({ limit: 10, offset: 12, group: 'a' })).toEqual([1]);
      expect(await ids({ limit: 10, doubtful: true })).toEqual([2]);
    });

    it('fetches single records, in order, and passes over what is not there', async () => {
      await append(log, 'zero', 'one');
      await append(log, 'two', 'three', 'four');
      const records = await log.fetch(harness.topic, 0, [1, 2, 4, 9]);
      expect(records.map(({ offset }) => offset)).toEqual([1, 2, 4]);
      expect(records.map(({ value }) => textOf(value))).toEqual(['one', 'two', 'four']);
      expect(records.every(({ corrupt }) => !corrupt)).toBe(true);
      expect(await log.gone(harness.topic, 0, [1, 4])).toEqual([]);
    });

    it('finds the records of a messageId, the sender’s own and one that ingest made, newest first', async () => {
      const own = record(JSON.stringify({ messageId: 'm-1', text: 'm-2' }));
      const made = { ...record('{}'), headers: { ...record('').headers, messageId: 'm-2' } };
      await log.append(EVENTS_TOPIC, [own, made, record('{"messageId":"m-11"}')]);
      await log.append(EVENTS_TOPIC, [own]);
      const offsets = async (id: string) =>
        (await log.find(EVENTS_TOPIC, id, new AbortController().signal)).map(({ offset }) => offset);
      expect(await offsets('m-1')).toEqual([3, 0]);
      expect(await offsets('m-2')).toEqual([1]);
      expect(await offsets('m-3')).toEqual([]);
    });
  });
}
