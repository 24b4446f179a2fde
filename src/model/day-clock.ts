/** The time of day in a canonical text (`YYYY-MM-DDTHH:mm:ss.sssZ`), read and written without a Date, which costs ten times as much. */
const DAY_LENGTH = 'YYYY-MM-DDT'.length;
const ZERO = '0'.charCodeAt(0);
/** `00` to `59`. */
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** `YYYY-MM-DDT` */
export function dayOf(canonical: string): string {
  return canonical.slice(0, DAY_LENGTH);
}

/** ms since midnight. */
export function msOfDay(canonical: string): number {
  const minutes = twoDigits(canonical, 11) * 60 + twoDigits(canonical, 14);
  const millis = twoDigits(canonical, 20) * 10 + digit(canonical, 22);
  return (minutes * 60 + twoDigits(canonical, 17)) * 1000 + millis;
}

/** `HH:mm:ss.sssZ`; `ms` since midnight, whole and within the day. */
export function textOfDay(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  const minutes = Math.trunc(seconds / 60);
  const hours = Math.trunc(minutes / 60);
  const millis = String(1000 + (ms % 1000)).slice(1);
  return `${TWO_DIGITS[hours]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}.${millis}Z`;
}

function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  return text.charCodeAt(at) - ZERO;
}
