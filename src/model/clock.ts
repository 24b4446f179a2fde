/** When an event happened: reads the senders' many ways to write a time, corrects their clocks, clamps nonsense. */
import { dayOf, msOfDay, textOfDay } from './day-clock.ts';
import type { Json } from './json.ts';
import type { Warning } from './outcome.ts';

/** The one form that leaves this file, `YYYY-MM-DDTHH:mm:ss.sssZ`, on a day that exists (29 February takes the long way). */
const CANONICAL =
  /^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;
const EPOCH = /^\d{10}(?:\d{3})?$/;

/** As seconds it would be the year 5138, as milliseconds 1973: above it a number counts milliseconds. */
const LARGEST_SECONDS = 1e11;
const OLDEST = '2000-01-01T00:00:00.000Z';
const OLDEST_MS = Date.parse(OLDEST);
/** Clocks differ by a little: only more than this is worth a warning. */
const TOLERATED_FUTURE_MS = 60_000;

/** The times that an event and its envelope give, as sent. */
export interface SentTimes {
  readonly timestamp: Json | undefined;
  readonly originalTimestamp: Json | undefined;
  readonly sentAt: Json | undefined;
  /** Used when the event's own `sentAt` is no time. */
  readonly envelopeSentAt: string | undefined;
}

export interface EventTime {
  /** Canonical text. */
  readonly timestamp: string;
  readonly warning: Warning | undefined;
}

/**
 * ms since the epoch, or undefined for what is no time. Takes ISO 8601 with any fraction, offset or none (UTC),
 * a date alone, and epoch numbers in seconds or milliseconds. Fractions below a millisecond are cut off.
 */
export function parseTime(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return parseEpoch(value);
  if (typeof value !== 'string') return undefined;
  if (CANONICAL.test(value)) return Date.parse(value);
  const text = value.trim();
  if (EPOCH.test(text)) return parseEpoch(Number(text));
  const match = ISO.exec(text);
  return match ? parseIso(match) : undefined;
}

function parseEpoch(value: number): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  return Math.trunc(Math.abs(value) < LARGEST_SECONDS ? value * 1000 : value);
}

function parseIso(match: RegExpExecArray): number | undefined {
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', fraction = '', zone] =
    match;
  const millis = `${fraction}000`.slice(0, 3);
  // A leap second is the last one of its minute.
  const seconds = second === '60' ? '59' : second;
  const text = `${year}-${month}-${day}T${hour}:${minute}:${seconds}.${millis}Z`;
  const utc = Date.parse(text);
  // Date.parse rolls 31 February over into March: the day must come back as it went in.
  if (Number.isNaN(utc) || new Date(utc).getUTCDate() !== Number(day)) return undefined;
  const offset = offsetMs(zone);
  return offset === undefined ? undefined : utc - offset;
}

function offsetMs(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2)) * (zone.length > 3 ? 1 : 0);
  if (hours > 23 || minutes > 59) return undefined;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (hours * 60 + minutes) * 60_000;
}

/**
 * The time to send: `timestamp` as given; else `receivedAt - (sentAt - originalTimestamp)`, which takes the
 * sender's wrong clock out; else `receivedAt`. What is later than `receivedAt` (canonical) or before the year
 * 2000 becomes `receivedAt`.
 */
export function resolveTime(times: SentTimes, receivedAt: string): EventTime {
  const { timestamp } = times;
  if (typeof timestamp === 'string' && CANONICAL.test(timestamp)) return clampText(timestamp, receivedAt);
  if (!isGiven(timestamp)) {
    const corrected = correctWithinDay(times, receivedAt);
    if (corrected !== undefined) return { timestamp: corrected, warning: undefined };
  }
  const received: Instant = { text: receivedAt, ms: Date.parse(receivedAt) };
  const given = parseTime(timestamp);
  if (given !== undefined) return clamp(given, received, 'timestamp');
  const unreadable = isGiven(timestamp) ? invalidTime('timestamp') : undefined;
  const original = parseTime(times.originalTimestamp);
  if (original === undefined) {
    return { timestamp: receivedAt, warning: unreadable ?? noTime(times.originalTimestamp) };
  }
  const sent = parseTime(times.sentAt) ?? parseTime(times.envelopeSentAt) ?? received.ms;
  const corrected = clamp(received.ms - (sent - original), received, 'originalTimestamp');
  return { timestamp: corrected.timestamp, warning: unreadable ?? corrected.warning };
}

/**
 * What nearly every event of a browser needs, without the calendar, whose texts cost more than all the rest of
 * normalising: three canonical times of one day. Undefined when it takes the long way.
 */
function correctWithinDay({ originalTimestamp, sentAt }: SentTimes, receivedAt: string): string | undefined {
  if (typeof originalTimestamp !== 'string' || typeof sentAt !== 'string') return undefined;
  const day = dayOf(receivedAt);
  if (!originalTimestamp.startsWith(day) || !sentAt.startsWith(day) || receivedAt < OLDEST) return undefined;
  if (!CANONICAL.test(originalTimestamp) || !CANONICAL.test(sentAt)) return undefined;
  const received = msOfDay(receivedAt);
  const corrected = received - (msOfDay(sentAt) - msOfDay(originalTimestamp));
  return corrected >= 0 && corrected <= received ? day + textOfDay(corrected) : undefined;
}

interface Instant {
  readonly text: string;
  readonly ms: number;
}

/** Texts of the canonical form compare like the times they stand for, without making a Date. */
function clampText(timestamp: string, receivedAt: string): EventTime {
  if (timestamp >= OLDEST && timestamp <= receivedAt) return { timestamp, warning: undefined };
  return clamp(Date.parse(timestamp), { text: receivedAt, ms: Date.parse(receivedAt) }, 'timestamp');
}

function clamp(time: number, received: Instant, path: string): EventTime {
  const late = time - received.ms;
  if (late > 0) {
    return { timestamp: received.text, warning: late > TOLERATED_FUTURE_MS ? inFuture(path) : undefined };
  }
  if (time < OLDEST_MS) return { timestamp: received.text, warning: tooOld(path) };
  return { timestamp: new Date(time).toISOString(), warning: undefined };
}

function isGiven(value: Json | undefined): boolean {
  return value !== undefined && value !== null && value !== '';
}

function noTime(originalTimestamp: Json | undefined): Warning {
  if (isGiven(originalTimestamp)) return invalidTime('originalTimestamp');
  return { code: 'missing_time', message: 'no time given: the time of receipt is sent', path: 'timestamp' };
}

function invalidTime(path: string): Warning {
  return { code: 'invalid_time', message: 'not a time (expected ISO 8601 or epoch): ignored', path };
}

function inFuture(path: string): Warning {
  return { code: 'time_in_future', message: 'later than the receipt: the time of receipt is sent', path };
}

function tooOld(path: string): Warning {
  return { code: 'time_too_old', message: 'before the year 2000: the time of receipt is sent', path };
}
