/** Reads the datetime texts that Braze accepts; a text without a zone is UTC. */

/** ISO 8601, with a blank for the T, a colon or comma before the milliseconds, and a blank before the zone also allowed. */
const TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.:,](\d{1,9}))?)?(?: ?(Z|[+-]\d\d(?::?\d\d)?))?)?$/;

/** `MM/dd/yyyy`. */
const AMERICAN_DAY = /^(\d\d)\/(\d\d)\/(\d{4})$/;
/** `ddd MM dd HH:mm:ss.TZD YYYY`, e.g. `Fri 02 15 10:00:00.-0500 2019`. */
const WORDED_TIME = /^[A-Z][a-z]{2} (\d\d) (\d\d) (\d\d:\d\d:\d\d)\.?(Z|[+-]\d\d:?\d\d) (\d{4})$/;

/** What nearly everybody sends, and no day that a month could lack: the runtime's own parser is right and fast for it. */
const COMMON_TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?Z$/;

/** Milliseconds since the epoch, or undefined when the text is no date and time. */
export function parseTime(text: string): number | undefined {
  if (COMMON_TIME.test(text)) return Date.parse(text);
  const parts = TIME.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', zone = 'Z'] = parts;
  if (!isDay(Number(year), Number(month), Number(day))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const wholeSeconds = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return wholeSeconds + Math.trunc(Number(`0.${fraction}`) * 1000) - zoneMs(zone);
}

/** As `parseTime`, and the American forms that Braze takes in attributes alone. */
export function parseDateTime(text: string): number | undefined {
  const american = AMERICAN_DAY.exec(text);
  if (american !== null) return parseTime(`${american[3]}-${american[1]}-${american[2]}`);
  const worded = WORDED_TIME.exec(text);
  if (worded === null) return parseTime(text);
  const [, month, day, clock, zone, year] = worded;
  return parseTime(`${year}-${month}-${day}T${clock}${zone}`);
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= 28 || day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function zoneMs(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', ''))) * 60_000;
}
