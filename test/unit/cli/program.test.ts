import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CommandError } from '../../../src/cli/command-error.ts';
import { createProgram } from '../../../src/cli/program.ts';
import { runCommand } from '../../../src/cli/run-command.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(node: string, ...args: string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)(node, args);
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as Ended;
  }
}

/** The first Node of an older major on the PATH. */
async function olderNode(): Promise<string | null> {
  const nodes = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => {
    try {
      return readdirSync(folder).includes('node') ? [join(folder, 'node')] : [];
    } catch {
      return [];
    }
  });
  for (const node of new Set(nodes)) {
    const { stdout } = await run(node, '--version');
    const major = Number(/^v(\d+)/.exec(stdout)?.[1]);
    if (major < 24) return node;
  }
  return null;
}

const older = await olderNode();
if (older === null) console.info('skipped: how an older Node is told, since none is on the PATH');

describe('the entry', () => {
  test('runs the command line on this Node', async () => {
    const ended = await run(process.execPath, MAIN, '--version');
    expect(ended).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
  });

  test.skipIf(older === null)('tells an older Node in one line what it needs, exit code 2', async () => {
    const ended = await run(String(older), MAIN, 'serve');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^brazier needs Node\.js 24 or newer, this is \d+\.\d+\.\d+: .*npm ci.*\n$/);
  });

  test('exits with 2 for a command that does not exist, and suggests one', async () => {
    const ended = await run(process.execPath, MAIN, 'chek');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('Did you mean check?');
    expect(ended.stderr).not.toContain('    at ');
  });
});

describe('createProgram', () => {
  test('the help names every command and shows examples', async () => {
    const program = await createProgram(['node', 'main.ts', '--help']);
    expect(program.commands.map((command) => command.name())).toEqual([
      'serve',
      'check',
      'transform',
      'sandbox',
      'dead-letters',
      'destinations',
      'replay',
      'log-level',
      'alerts',
      'explain',
      'backup',
      'restore',
    ]);
    expect(await helpOf(program)).toContain('Examples:');
  });

  test("every command's help has an example", async () => {
    const program = await createProgram(['node', 'main.ts', '--help']);
    for (const command of program.commands) expect(await helpOf(command)).toContain('$ ');
  });

  test('loads only the command that is asked for', async () => {
    const program = await createProgram(['node', 'main.ts', 'check']);
    expect(program.commands.map((command) => command.name())).toEqual(['check']);
  });
});

/** With what `addHelpText` added, which `helpInformation` leaves out. */
async function helpOf(command: Command): Promise<string> {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

describe('runCommand', () => {
  afterEach(() => void vi.restoreAllMocks());

  function programThat(action: () => void) {
    return new Command('x').addCommand(new Command('go').option('--a').action(action));
  }

  async function ended(action: () => void, ...args: string[]) {
    const stderr: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => stderr.push(String(text)) > 0);
    const code = await runCommand(programThat(action), ['node', 'x', ...args]);
    return { code, stderr: stderr.join('') };
  }

  test('0 when the action ends well', async () => {
    expect(await ended(() => undefined, 'go')).toEqual({ code: 0, stderr: '' });
  });

  test("an expected failure is its message alone, with the failure's exit code", async () => {
    const fail = () => {
      throw new CommandError('port 8080 is taken: choose another with http.port', 1);
    };
    expect(await ended(fail, 'go')).toEqual({
      code: 1,
      stderr: 'port 8080 is taken: choose another with http.port\n',
    });
  });

  test('2 for an unknown option, without running the action', async () => {
    const action = vi.fn();
    expect(await ended(action, 'go', '--b')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--b'),
    });
    expect(action).not.toHaveBeenCalled();
  });

  test('1 and the stack for what nobody expected', async () => {
    const fail = () => {
      throw new TypeError('a bug');
    };
    const { code, stderr } = await ended(fail, 'go');
    expect(code).toBe(1);
    expect(stderr).toContain('TypeError: a bug\n    at ');
  });
});
