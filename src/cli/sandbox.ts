/** `brazier sandbox`: the local Braze as a process. One line of JSON on stdout when it is ready, all else on stderr. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { PERMISSIONS } from '../sandbox/endpoints.ts';
import { createSandbox, type SandboxOptions } from '../sandbox/server.ts';
import { CommandError } from './command-error.ts';
import { workspaceFlags } from './sandbox-workspace-flags.ts';
import { stopOnSignal } from './stop-signals.ts';

const EXAMPLES = `
Examples:
  $ npm run -s brazier -- sandbox --port 4800
      a local Braze that takes any API key
  $ npm run -s brazier -- sandbox --port 4800 --api-key secret --record requests.ndjson
      takes this key alone and appends every request to a file
  $ npm run -s brazier -- sandbox --port 0 --latency-ms 100 --keep 0 --no-profiles --rate-limit 100000
      for load tests: a free port, answers after 100 ms, remembers nothing
  $ curl -s http://127.0.0.1:4800/_sandbox/users
      what the users look like now

Faults, helper endpoints and what it enforces: docs/sandbox.md`;

/** What commander hands over: named after the flags. */
interface SandboxFlags extends Omit<SandboxOptions, 'recordFile' | 'now'> {
  readonly port: number;
  readonly host: string;
  readonly record?: string;
}

/** The command, ready to be added to a program; SIGTERM and SIGINT end it with 0. Its action throws `CommandError`. */
export function sandboxCommand(): Command {
  const command = new Command('sandbox')
    .description(
      'Run a local Braze that enforces its documented rules, keeps users and injects faults on demand',
    )
    .addHelpText('after', EXAMPLES)
    .action(run);
  for (const option of flags()) command.addOption(option);
  return command;
}

function flags(): Option[] {
  return [
    new Option('--port <n>', 'port; 0 takes a free one').default(4800).argParser(integer(0, 65_535)),
    new Option('--host <address>', 'address to listen on').default('127.0.0.1'),
    new Option('--api-key <key>', 'the one good key (default: any key that is not empty)').argParser(
      someText,
    ),
    new Option('--foreign-keys <list>', 'keys of another instance: never good').argParser(list),
    new Option('--record <file>', 'append each Braze request to this file as a line of JSON').argParser(
      someText,
    ),
    new Option('--keep <n>', 'requests that /_sandbox/requests shows').default(1000).argParser(integer(0)),
    new Option('--latency-ms <n>', 'wait before every reply').default(0).argParser(milliseconds),
    new Option('--apply-delay-ms <n>', 'from accepting to the effect on users')
      .default(0)
      .argParser(milliseconds),
    new Option(
      '--link-apply-delay-ms <n>',
      'the same for identify, alias and merge (default: in line with the others)',
    ).argParser(milliseconds),
    new Option('--rate-limit <n>', "requests per 3 s and class of endpoints (default: Braze's)").argParser(
      integer(1),
    ),
    new Option(
      '--mau <hourly,burst>',
      'the plan by monthly active users: track requests per hour and per 3 s, of all keys together',
    ).argParser(mauPlan),
    new Option('--seed <n>', 'of the dice of faults').default(1).argParser(integer(0)),
    new Option(
      '--permissions <list>',
      'what the key may do, e.g. users.track,users.identify (default: all)',
    ).argParser(permissions),
    new Option('--packing <how>', 'how the 75 objects of a track request are counted')
      .default('combined')
      .choices(['combined', 'perArray']),
    new Option('--no-profiles', 'judge and answer, but keep no users'),
    ...workspaceFlags(),
  ];
}

async function run({ record, ...options }: SandboxFlags): Promise<void> {
  try {
    const sandbox = createSandbox({ ...options, recordFile: record });
    const { url } = await sandbox.listen();
    stopOnSignal(() => sandbox.close().then(() => process.exit(0)));
    process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, url })}\n`);
    process.stderr.write(`The sandbox answers as Braze on ${url}; Ctrl-C ends it.\n`);
  } catch (error) {
    throw new CommandError(startProblem(error as NodeJS.ErrnoException, options));
  }
}

/** One line that names the thing and what to do. */
function startProblem(error: NodeJS.ErrnoException, { host, port }: SandboxFlags): string {
  const address = `${host}:${port}`;
  if (error.code === 'EADDRINUSE')
    return `Port ${port} on ${host} is taken: choose another with --port, or 0 for a free one.`;
  if (error.syscall === 'open') return `The record file cannot be opened for appending: ${error.message}`;
  return `The sandbox cannot listen on ${address}: ${error.message}`;
}

const milliseconds = integer(0, 86_400_000);

function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`Expected an integer ${range}.`);
  };
}

function someText(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected a text that is not empty.');
  return text;
}

function list(text: string): string[] {
  return text.split(',').map((entry) => entry.trim());
}

function mauPlan(text: string): { hourly: number; burst: number } {
  const [hourly, burst, ...rest] = list(text).map((part) => (/^\d+$/.test(part) ? Number(part) : 0));
  if (hourly && burst && rest.length === 0) return { hourly, burst };
  throw new InvalidArgumentError('Expected two integers of 1 or more, e.g. 250000,3000.');
}

function permissions(text: string): string[] {
  const names = list(text);
  const unknown = names.filter((name) => !PERMISSIONS.includes(name));
  if (unknown.length === 0) return names;
  throw new InvalidArgumentError(`unknown: ${unknown.join(', ')}; there are ${PERMISSIONS.join(', ')}`);
}
