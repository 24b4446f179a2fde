/** What became of an event: from the log, the notes of requests and the dead letters. Changes nothing. */
import { summaryOf } from '../dead-letters/shown.ts';
import type { EventLog, GroupStanding } from '../log/log.ts';
import { EVENTS_TOPIC, type LogRecord } from '../model/record.ts';
import { type Doubtful, type DoubtfulQuery, listDoubtful } from './doubtful.ts';
import { lettersOf } from './letters.ts';
import type { Planner } from './planner.ts';
import { requestsOf } from './requests.ts';
import { type Explained, type ExplainedDestination, shownPlan, shownRecord } from './shown.ts';
import { standingOf } from './standing.ts';

export interface ExplainQuery {
  readonly messageId: string;
  /** A user id, an anonymous id or a person key, to look among the letters where the log holds the event no more. */
  readonly person?: string;
  /** Also whom it is about, the event, and what is sent of it. */
  readonly showPayload?: boolean;
}

export interface Explain {
  /** Looks through the whole log, step by step between its writes; one such search at a time. */
  event(query: ExplainQuery, signal: AbortSignal): Promise<Explained>;
  doubtful(query: DoubtfulQuery): Promise<Doubtful>;
}

export interface ExplainOptions {
  readonly log: Pick<EventLog, 'find' | 'fetch' | 'requests' | 'letter' | 'walkLetters' | 'groups'>;
  /** One for each configured destination, as it is now. */
  readonly planners: () => readonly Planner[];
  /** Why a destination is halted. */
  readonly haltOf: (destination: string) => string | null;
}

export function createExplain(options: ExplainOptions): Explain {
  const { log } = options;
  let last: Promise<unknown> = Promise.resolve();
  return {
    event(query, signal) {
      const explained = last.then(() => explainEvent(options, query, signal));
      last = explained.catch(() => undefined);
      return explained;
    },
    doubtful: (query) => listDoubtful(log, query),
  };
}

async function explainEvent(
  options: ExplainOptions,
  { messageId, person, showPayload = false }: ExplainQuery,
  signal: AbortSignal,
): Promise<Explained> {
  const { log, planners } = options;
  const found = await log.find(EVENTS_TOPIC, messageId, signal);
  const standings = found.length > 0 ? await log.groups() : [];
  const about = { ...options, planners: found.length > 0 ? planners() : [], standings, showPayload };
  const records = [];
  for (const record of found) {
    const destinations = [];
    for (const planner of about.planners) destinations.push(await explainFor(about, record, planner));
    records.push({ ...shownRecord(record, showPayload), destinations });
  }
  const persons = [...found.map(({ key }) => key), person ?? ''].filter((key) => key !== '');
  const letters = await lettersOf(log, { messageId, persons });
  return {
    messageId,
    records,
    letters: letters.map((letter) => summaryOf(letter, showPayload)),
    lettersUnknown: persons.length === 0,
  };
}

interface About extends Pick<ExplainOptions, 'log' | 'haltOf'> {
  readonly standings: readonly GroupStanding[];
  readonly showPayload: boolean;
}

async function explainFor(
  { log, haltOf, standings, showPayload }: About,
  record: LogRecord,
  planner: Planner,
): Promise<ExplainedDestination> {
  const { id } = planner;
  const { topic, partition, offset } = record;
  const plan = planner.plan(record);
  const requests = await requestsOf(log, id, record);
  const letter = await log.letter(`${id}/${topic}/${partition}/${offset}`);
  const place = standings.find(({ group, detached }) => group === id && !detached);
  const standing = standingOf({
    plan,
    requests,
    letter,
    hasPlace: place !== undefined,
    isDone: place?.unsettled === 0,
  });
  return { destination: id, plan: shownPlan(plan, showPayload), requests, standing, halted: haltOf(id) };
}
