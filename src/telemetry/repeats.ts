/** Lets a line through only so often a minute: a fault that repeats a thousand times a second is told ten times. */

const WINDOW_MS = 60_000;
const MAX_PER_WINDOW = 10;
/** Kinds of lines remembered at once; beyond it all are forgotten, which at worst lets some lines through again. */
const MAX_KINDS = 1000;

interface Window {
  endsAt: number;
  passed: number;
  suppressed: number;
}

/** How many lines of that kind were suppressed before this one; null when this one is to be suppressed too. */
export type Repeats = (kind: string) => number | null;

export function createRepeats(now: () => number): Repeats {
  const windows = new Map<string, Window>();
  return (kind) => {
    const time = now();
    const window = windows.get(kind);
    if (window === undefined || time >= window.endsAt) {
      if (windows.size >= MAX_KINDS) windows.clear();
      windows.set(kind, { endsAt: time + WINDOW_MS, passed: 1, suppressed: 0 });
      return window?.suppressed ?? 0;
    }
    window.passed++;
    if (window.passed <= MAX_PER_WINDOW) return 0;
    window.suppressed++;
    return null;
  };
}
