/** The process that fills an embedded log. */
import type { EventLog } from '../../src/log/log.ts';
import { openSqliteLog } from '../../src/log/sqlite/sqlite-log.ts';
import type { DeadLetter } from '../../src/model/dead-letter.ts';
import { rejected } from '../../src/model/outcome.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';
import type { Backlog } from './backlog.ts';
import { answerParent } from './child.ts';
import { recordOf } from './records.ts';
import { DESTINATION } from './server.ts';

const BATCH = 500;
/** Appends under way at once: what comes during a commit is the next. */
const WRITERS = 8;

async function fill(folder: string, { first, events, people, letters = 0 }: Backlog): Promise<void> {
  const log = await openSqliteLog({
    path: folder,
    maxBytes: 100e9,
    retainMs: 1e10,
    now: Date.now,
    onFatal: (error) => {
      throw error;
    },
  });
  await log.attach([{ group: DESTINATION, start: 'beginning' }]);
  let next = first;
  const end = first + events;
  const write = async () => {
    while (next < end) {
      const from = next;
      next = Math.min(end, from + BATCH);
      const records = Array.from({ length: next - from }, (_, index) => recordOf(from + index, people));
      await log.append(EVENTS_TOPIC, records);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  await addLetters(log, letters, people);
  await log.close();
}

async function addLetters(log: EventLog, count: number, people: number): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const length = Math.min(BATCH, count - from);
    const letters = Array.from({ length }, (_, index) => letterOf(from + index, people));
    await log.append(EVENTS_TOPIC, [], letters);
  }
}

function letterOf(number: number, people: number): DeadLetter {
  return {
    id: `bench/${number}`,
    destination: DESTINATION,
    at: Date.now(),
    position: null,
    record: recordOf(number, people),
    outcome: rejected('refused', 'refused_by_braze', 'written by a benchmark'),
    undelivered: null,
  };
}

answerParent({
  fill: ({ folder, backlog }: { folder: string; backlog: Backlog }) => fill(folder, backlog),
});
