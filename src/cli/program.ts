/** The command line: which commands there are. Each loads what it needs only when it runs. */
import { Command } from 'commander';
import { VERSION } from '../config/version.ts';
import { runCommand } from './run-command.ts';

const EXAMPLES = `
Examples:
  $ npm start                                                 the demo: a local Braze, nothing leaves the machine
  $ npm run -s brazier -- check --config brazier.yaml         what is understood, and what is wrong
  $ npm run -s brazier -- serve --config brazier.yaml
  $ npm run -s brazier -- serve --workspace-config workspaceConfig.json    moving over from RudderStack
  $ npm run -s brazier -- transform < events.jsonl            which Braze requests would these events cause
  $ npm run -s brazier -- dead-letters list                   what could not be delivered, and why

Data goes to stdout, everything else to stderr. Exit codes: 0 ok, 1 failed, 2 usage or configuration.`;

/** In the order of the help. A command's file is loaded only when that command, or the help, is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serveCommand(),
  check: async () => (await import('./check.ts')).checkCommand(),
  transform: async () => (await import('./transform.ts')).transformCommand(),
  sandbox: async () => (await import('./sandbox.ts')).sandboxCommand(),
  'dead-letters': async () => (await import('./dead-letters.ts')).deadLettersCommand(),
  destinations: async () => (await import('./destinations.ts')).destinationsCommand(),
  replay: async () => (await import('./replay.ts')).replayCommand(),
  'log-level': async () => (await import('./log-level.ts')).logLevelCommand(),
  alerts: async () => (await import('./alerts.ts')).alertsCommand(),
  explain: async () => (await import('./explain.ts')).explainCommand(),
  backup: async () => (await import('./backup.ts')).backupCommand(),
  restore: async () => (await import('./restore.ts')).restoreCommand(),
};

/** A fresh program for `argv` (as `process.argv`): with the command it names, or with all when it names none. */
export async function createProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('brazier')
    .description(
      'Forwards events of RudderStack and Segment SDKs to Braze: nothing that was accepted is lost',
    )
    .version(VERSION)
    .addHelpText('after', EXAMPLES);
  const named = argv[2] ?? '';
  const loaders = Object.hasOwn(COMMANDS, named) ? [COMMANDS[named]] : Object.values(COMMANDS);
  for (const load of loaders) if (load !== undefined) program.addCommand(await load());
  return program;
}

/** The whole process: runs the command and ends with its exit code. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  endQuietlyWhenNobodyReads();
  const exitCode = await runCommand(await createProgram(argv), argv);
  process.exitCode = exitCode;
  // A command that failed half-way may have left something open: do not wait for it once the output is out.
  if (exitCode !== 0) process.stdout.write('', () => process.exit(exitCode));
}

/** `brazier transform | head`: the reader has what it wanted. */
function endQuietlyWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
