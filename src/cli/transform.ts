/** `brazier transform`: shows which Braze requests events would cause. Reads, answers, sends nothing. */
import { fstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import type { Packing } from '../braze/requests.ts';
import { describeFileError } from '../config/file-fault.ts';
import { parseSettings } from '../config/settings.ts';
import { describeJsonFault } from '../ingest/json-fault.ts';
import { DEFAULT_LIMITS } from '../ingest/limits.ts';
import { parseTime } from '../model/clock.ts';
import type { DestinationSettings } from '../model/settings.ts';
import { CommandError } from './command-error.ts';
import { readLines } from './lines.ts';
import { createPreview, type Preview } from './preview.ts';

const EXAMPLES = `
One event per line on stdin, one JSON line per event on stdout: the requests, or why there are none.

Examples:
  $ npm run -s brazier -- transform < events.jsonl
  $ echo '{"type":"track","userId":"u1","event":"Lamp Lit"}' | npm run -s brazier -- transform
  $ npm run -s brazier -- transform --settings braze.json --received-at 2026-01-01T00:00:00Z < events.jsonl`;

interface Options {
  readonly settings?: string;
  readonly receivedAt?: string;
}

/** The command, ready to be added to a program. Its action throws `CommandError`. */
export function transformCommand(): Command {
  return new Command('transform')
    .description('Show the Braze requests that events would cause, without sending anything')
    .option('--settings <file>', "a destination's settings as flat JSON, by RudderStack's key names")
    .option('--received-at <iso>', 'when the events count as received (default: now)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options) => {
      const receivedAt = receivedAtOf(options.receivedAt);
      const preview = createPreview({ ...(await settingsOf(options.settings)), receivedAt });
      refuseFolder();
      await previewAll(process.stdin, process.stdout, preview);
    });
}

/** Node reads a folder given as stdin as empty, without a word. */
function refuseFolder(): void {
  if (fstatSync(0).isDirectory()) throw new CommandError('the input cannot be read (it is a folder)');
}

function receivedAtOf(given: string | undefined): () => string {
  if (given === undefined) return () => new Date().toISOString();
  const time = parseTime(given);
  if (time === undefined) {
    throw new CommandError(`--received-at ${given}: not a time, expected one like 2026-01-01T00:00:00Z`, 2);
  }
  const text = new Date(time).toISOString();
  return () => text;
}

interface Settings {
  readonly settings: DestinationSettings;
  readonly packing: Packing;
}

async function settingsOf(file: string | undefined): Promise<Settings> {
  const parsed = parseSettings(file === undefined ? {} : await readSettings(file));
  if (parsed.ok) {
    for (const warning of parsed.warnings) process.stderr.write(`${file}: ${warning}\n`);
    return parsed;
  }
  const problems = parsed.problems.map(({ path, message }) =>
    path === '' ? message : `${path}: ${message}`,
  );
  throw new CommandError(`${file}: ${problems.join('; ')}`, 2);
}

async function readSettings(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CommandError(`--settings ${file}: cannot be read (${describeFileError(error)})`, 2);
  });
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(`${file}: not valid JSON: ${describeJsonFault(text)}`, 2);
  }
}

/**
 * Answers every line of `input` on `output`, in order, reading no further ahead than one chunk. Resolves when
 * the input has ended or nobody reads the output any more; throws `CommandError` when the input cannot be read or
 * the output cannot be written.
 */
export async function previewAll(
  input: AsyncIterable<Uint8Array>,
  output: NodeJS.WritableStream,
  preview: Preview,
): Promise<void> {
  try {
    await pipeline(answersTo(input, preview), output, { end: false });
  } catch (error) {
    if (error instanceof CommandError || !(error instanceof Error && 'syscall' in error)) throw error;
    if ('code' in error && error.code === 'EPIPE') return;
    throw new CommandError(`the output cannot be written (${describeFileError(error)})`);
  }
}

async function* answersTo(input: AsyncIterable<Uint8Array>, preview: Preview): AsyncGenerator<string> {
  for await (const lines of readLines(orFault(input), DEFAULT_LIMITS.maxEventBytes)) {
    const answers = lines.map(preview).filter((answer) => answer !== undefined);
    if (answers.length > 0) yield `${answers.join('\n')}\n`;
  }
}

async function* orFault(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* input;
  } catch (error) {
    throw new CommandError(`the input cannot be read (${describeFileError(error)})`);
  }
}
