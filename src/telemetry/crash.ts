/** What may be said of an error that nobody expected: what it is and where, never its message, which may quote an event. */

export interface CrashFields {
  readonly type: string;
  readonly code?: string;
  /** Innermost first: `createX (file:///…/x.ts:12:3)`. */
  readonly frames: readonly string[];
}

const MAX_FRAMES = 20;

/** Node's own errors quote the values that they did not expect, JSON's the text that they could not read. */
export function crashFields(error: unknown): CrashFields {
  if (!(error instanceof Error)) return { type: typeof error, frames: [] };
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: error.name,
    ...(typeof code === 'string' && { code }),
    frames: framesOf(error.stack ?? '', error.message),
  };
}

/** A message may span lines and may itself look like frames: it is taken off before they are looked for. */
function framesOf(stack: string, message: string): string[] {
  const at = stack.indexOf(message);
  const rest = at < 0 ? '' : stack.slice(at + message.length);
  const frames = rest.split('\n').flatMap((line) => /^ {4}at (.+)$/.exec(line)?.[1] ?? []);
  return frames.slice(0, MAX_FRAMES);
}
