/** How a command fails when the failure is expected: a line for the user and an exit code, no stack trace. */

/** 1: it was asked rightly and failed. 2: it was asked wrongly (usage or configuration). */
export type ExitCode = 1 | 2;

/**
 * Thrown by a command's action. `message` names the thing and what to do, without a trailing newline;
 * several lines are printed as they are.
 */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = 1) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}
