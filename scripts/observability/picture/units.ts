/** Values as Grafana writes them, for the units that the dashboard has. */

const plain = (value: number): string => String(Number(value.toPrecision(3)));

function scaled(value: number, base: number, ends: readonly string[]): string {
  const steps = Math.abs(value) < base ? 0 : Math.floor(Math.log(Math.abs(value)) / Math.log(base));
  const power = Math.min(ends.length - 1, steps);
  return `${plain(value / base ** power)}${ends[power]}`;
}

function duration(value: number): string {
  if (value === 0) return '0 s';
  if (Math.abs(value) < 1e-3) return `${plain(value * 1e6)} µs`;
  if (Math.abs(value) < 1) return `${plain(value * 1e3)} ms`;
  if (Math.abs(value) < 60) return `${plain(value)} s`;
  return Math.abs(value) < 3_600 ? `${plain(value / 60)} mins` : `${plain(value / 3_600)} hours`;
}

const THOUSANDS = ['', ' K', ' Mil', ' Bil'];
const UNITS: Readonly<Record<string, (value: number) => string>> = {
  none: plain,
  short: (value) => scaled(value, 1_000, THOUSANDS),
  percentunit: (value) => `${plain(value * 100)} %`,
  s: duration,
  bytes: (value) => scaled(value, 1_024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']),
  eps: (value) => `${scaled(value, 1_000, THOUSANDS)} eps`,
  reqps: (value) => `${scaled(value, 1_000, THOUSANDS)} req/s`,
  ops: (value) => `${scaled(value, 1_000, THOUSANDS)} ops/s`,
};

/** Throws for a unit that nobody has written down here. */
export function inUnit(unit: string, value: number): string {
  const write = UNITS[unit];
  if (write === undefined) throw new Error(`unit ${unit}: expected one of ${Object.keys(UNITS).join(', ')}`);
  return write(value);
}
