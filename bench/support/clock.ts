/** A clock that all processes of this machine share, so that what two of them saw can be compared. */
const AHEAD_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds, monotonic. */
export function sharedMs(): number {
  return AHEAD_MS + performance.now();
}
