/** Explanations as text for people on a terminal. */
import type { LetterSummary } from '../dead-letters/shown.ts';
import type { Doubtful, DoubtfulRequest } from '../explain/doubtful.ts';
import type { ShownAttempt, ShownRequest } from '../explain/requests.ts';
import type { Explained, ExplainedDestination, ExplainedRecord, ShownPlan } from '../explain/shown.ts';
import type { Standing, StandingState } from '../explain/standing.ts';

const STATES: Readonly<Record<StandingState, string>> = {
  dead_letter: 'is a dead letter',
  filtered: 'is filtered: not sent on purpose',
  under_way: 'is under way: a request with it has not ended',
  waiting: 'waits, in the log or in the queue: something of it has still to leave',
  delivered: 'is delivered',
  letter_gone: 'was not delivered, and its dead letter was replayed, discarded or dropped by retention',
  done: 'is done with, and no request of it is noted: nothing was left to send, or the notes are gone',
  no_place: 'is not for this destination: it is detached, or has not read the log yet',
};

export function explainedText({ messageId, records, letters, lettersUnknown }: Explained): string {
  const lines = [`messageId ${messageId}`];
  if (records.length === 0) lines.push('', NOT_IN_LOG);
  for (const record of records) lines.push('', ...recordLines(record));
  if (letters.length > 0) lines.push('', 'dead letters of it:', ...letters.map(letterLine));
  if (lettersUnknown) lines.push('', LETTERS_UNKNOWN);
  return textOf(lines);
}

const NOT_IN_LOG = 'the log does not hold it: never accepted, turned away, or given up by retention';
const LETTERS_UNKNOWN = 'dead letters were not looked through: --person <id> says whose they would be';

function recordLines(record: ExplainedRecord): string[] {
  const { position, acceptedAt, source, corrupt, replayFor, person, payload, destinations } = record;
  return [
    `accepted ${acceptedAt} from source ${source}, at ${position}`,
    ...(replayFor === null ? [] : [`  a replay, for ${replayFor} alone`]),
    ...(corrupt ? ['  its stored bytes are damaged'] : []),
    ...(person === undefined ? [] : [`  about ${person}: ${payload}`]),
    ...destinations.flatMap(destinationLines),
  ];
}

function destinationLines({ destination, plan, requests, standing, halted }: ExplainedDestination): string[] {
  return [
    `  ${destination}: ${standingText(standing)}${halted === null ? '' : `; the destination is halted (${halted})`}`,
    ...planLines(plan).map((line) => `    ${line}`),
    ...requests.flatMap(requestLines).map((line) => `    ${line}`),
  ];
}

function standingText({ state, letter, code, undelivered, mayHaveCountedTwice }: Standing): string {
  const why = code === undefined ? '' : ` (${code})`;
  const which = letter === undefined ? '' : ` ${letter}, of ${undelivered?.join(', ') ?? 'all of it'}`;
  const doubt = mayHaveCountedTwice ? '; in doubt: Braze may have counted it more often than once' : '';
  return `${STATES[state]}${which}${why}${doubt}`;
}

function planLines({ status, code, message, issues, parts, warnings }: ShownPlan): string[] {
  const why = status === 'operations' ? [] : [`${status}: ${code}${message ? `: ${message}` : ''}`];
  return [
    ...why.map((text) => `with today's settings ${text}`),
    ...(issues ?? []).map((path) => `  at ${path === '' ? 'the event' : path}`),
    ...parts.map(
      ({ part, endpoint, bytes, body }) => `${part} → ${endpoint}, ${bytes} bytes${body ? `: ${body}` : ''}`,
    ),
    ...warnings.map(
      ({ code: warned, path, message: said }) => `warning ${warned} at ${path}${said ? `: ${said}` : ''}`,
    ),
  ];
}

function requestLines({
  at,
  endpoint,
  parts,
  objects,
  attempts,
  attemptCount,
  inDoubt,
  state,
}: ShownRequest) {
  const size = `${objects} ${objects === 1 ? 'object' : 'objects'}`;
  const end = state === 'ended' ? '' : ', no end yet';
  return [
    `request ${at} ${endpoint}, ${size}, with ${parts.join(', ')}${end}${inDoubt ? ', in doubt' : ''}`,
    ...attemptLines(attempts, attemptCount),
  ];
}

function attemptLines(attempts: readonly ShownAttempt[], count: number): string[] {
  const shown = attempts.map(
    ({ at, status, what, durationMs }) =>
      `  ${at} ${status ?? 'no reply'} ${what}, after ${Math.round(durationMs)} ms`,
  );
  return count > shown.length ? [...shown, `  ${count} attempts in all`] : shown;
}

function letterLine({ id, at, kind, code, undelivered }: LetterSummary): string {
  return `  ${id} ${at} ${kind} ${code}, of ${undelivered?.join(', ') ?? 'all of it'}`;
}

export function doubtfulText({ requests, next }: Doubtful): string {
  if (requests.length === 0) return 'no request is in doubt\n';
  const more = next === null ? [] : ['', `older ones: --before ${next}`];
  return textOf([...requests.flatMap(doubtfulLines), ...more]);
}

function doubtfulLines({ at, destination, endpoint, attempts, attemptCount, events }: DoubtfulRequest) {
  const fate = attemptCount === 0 ? 'under way when the process was killed' : 'a reply was lost';
  return [
    `${at} ${destination} ${endpoint}: ${fate}`,
    ...attemptLines(attempts, attemptCount),
    ...events.map(({ messageId, source, position, parts }) => {
      const name = messageId === null ? 'not in the log any more' : `${messageId} from ${source}`;
      return `  ${name}, ${position}: ${parts.join(', ')}`;
    }),
  ];
}

/** Control characters of an event must not reach the terminal. */
function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line.replaceAll(/\p{Cc}/gu, '·')}\n`).join('');
}
