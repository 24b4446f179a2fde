/** Asks before what cannot be taken back; without anybody to ask it refuses. */
import { createInterface } from 'node:readline/promises';
import { CommandError } from './command-error.ts';

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Data goes to stdout, so the question goes to stderr. */
const TERMINAL: Terminal = { input: process.stdin, output: process.stderr };

/**
 * Resolves when it may be done. Throws `CommandError`: exit code 1 when the answer was no, 2 without a terminal.
 * @param what a sentence that says how many of what, and what becomes of them
 */
export async function confirm(what: string, yes: boolean, terminal = TERMINAL): Promise<void> {
  if (yes) return;
  const { input, output } = terminal;
  if (input.isTTY !== true || output.isTTY !== true) {
    throw new CommandError(`${what}\nnothing was done: there is no terminal to ask on, --yes goes ahead`, 2);
  }
  const lines = createInterface({ input, output });
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  const answer = await Promise.race([lines.question(`${what}\nGo ahead? [y/N] `), closed]);
  lines.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('nothing was done');
}
