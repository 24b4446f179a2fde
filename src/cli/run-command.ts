/** The frame of the command line: runs a command and turns whatever comes of it into an exit code and a clear line. */
import { type Command, CommanderError } from 'commander';
import { FileFault } from '../config/file-fault.ts';
import { CommandError } from './command-error.ts';

/**
 * Runs `program` with `argv` (as `process.argv`: two leading entries are skipped) and resolves with the
 * exit code: 0 fine, 1 failed, 2 asked wrongly. Expected failures are printed on stderr without a stack
 * trace, unexpected ones with it. Never rejects.
 */
export async function runCommand(program: Command, argv: readonly string[]): Promise<number> {
  throwInsteadOfExit(program);
  try {
    await program.parseAsync(argv);
    return 0;
  } catch (error) {
    return report(error);
  }
}

/** Help and version end a command too; commander has printed already whatever it throws. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CommandError || error instanceof FileFault) {
    process.stderr.write(`${error.message}\n`);
    return error instanceof CommandError ? error.exitCode : 1;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`unexpected error, please report it: ${text}\n`);
  return 1;
}

/** A command that was added does not inherit this from its program. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}
