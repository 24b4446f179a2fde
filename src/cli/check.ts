/** `brazier check`: what a configuration file means, what is wrong with it, and whether Braze takes its keys. */
import { Command } from 'commander';
import type { ConfigFiles } from '../config/load.ts';
import { CommandError } from './command-error.ts';
import { loadOrFail, withConfigOptions, withRoleOption } from './config-options.ts';

const EXAMPLES = `
Examples:
  $ npm run -s brazier -- check --config brazier.yaml
  $ npm run -s brazier -- check --config brazier.yaml --connect > effective.yaml
  $ npm run -s brazier -- check --workspace-config workspaceConfig.json > brazier.yaml

stdout: the configuration as understood, secrets masked. stderr: warnings, what is not served, and problems.
Exit codes: 0 good, 1 Braze does not take a key (--connect), 2 a file has problems.`;

interface CheckOptions extends ConfigFiles {
  readonly connect?: boolean;
}

export function checkCommand(): Command {
  return withRoleOption(withConfigOptions(new Command('check')), 'the role it is to be good for')
    .description('Validate a configuration and print what was understood')
    .option('--connect', 'also ask Braze whether each key is good; nothing is written there')
    .addHelpText('after', EXAMPLES)
    .action(check);
}

async function check({ connect, ...files }: CheckOptions): Promise<void> {
  if (files.config === undefined && files.workspaceConfig === undefined) {
    throw new CommandError('say what to check: --config <file>, or --workspace-config <file>, or both', 2);
  }
  const { config, effective } = await loadOrFail(files);
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
