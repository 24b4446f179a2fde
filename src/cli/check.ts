/** `brazier check`: what a configuration file means, what is wrong with it, and whether Braze takes its keys. */
import { Command } from 'commander';
import { CommandError } from './command-error.ts';

const EXAMPLES = `
Examples:
  $ npm run -s brazier -- check --config brazier.yaml
  $ npm run -s brazier -- check --config brazier.yaml --connect > effective.yaml

stdout: the configuration as understood, secrets masked. stderr: warnings and problems.
Exit codes: 0 good, 1 Braze does not take a key (--connect), 2 the file has problems.`;

interface CheckOptions {
  readonly config: string;
  readonly connect?: boolean;
}

export function checkCommand(): Command {
  return new Command('check')
    .description('Validate a configuration file and print what was understood')
    .requiredOption('--config <file>', 'the configuration file (YAML)')
    .option('--connect', 'also ask Braze whether each key is good; nothing is written there')
    .addHelpText('after', EXAMPLES)
    .action(check);
}

async function check({ config: file, connect }: CheckOptions): Promise<void> {
  const { config, effective } = await loadOrFail(file);
  const { renderConfig } = await import('../config/render.ts');
  process.stdout.write(renderConfig(effective));
  if (connect !== true) return;
  const { askBraze } = await import('./ask-braze.ts');
  const verdicts = await Promise.all(config.destinations.map((destination) => askBraze(destination)));
  for (const { lines } of verdicts) process.stderr.write(`${lines.join('\n')}\n`);
  const bad = verdicts.filter(({ good }) => !good);
  if (bad.length > 0) {
    throw new CommandError(`${bad.length} of ${verdicts.length} destinations cannot be delivered to`);
  }
}

/** Loads `file` with the process's environment; warnings go to stderr, problems are thrown with exit code 2. */
export async function loadOrFail(file: string) {
  const { loadConfig } = await import('../config/load.ts');
  const { readEnvironment } = await import('../config/environment.ts');
  const { formatProblem } = await import('../config/problem.ts');
  const loaded = loadConfig(file, readEnvironment());
  if (!loaded.ok) throw new CommandError(loaded.problems.map(formatProblem).join('\n'), 2);
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`);
  return loaded;
}
