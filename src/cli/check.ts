/** `brazier check`: what a configuration file means, what is wrong with it, and whether Braze takes its keys. */
import { Command } from 'commander';
import type { Config } from '../config/config.ts';
import type { ConfigFiles } from '../config/load.ts';
import type { Verdict } from './ask-braze.ts';
import { CommandError } from './command-error.ts';
import { loadOrFail, withConfigOptions, withRoleOption } from './config-options.ts';

const EXAMPLES = `
Examples:
  $ npm run -s brazier -- check --config brazier.yaml
  $ npm run -s brazier -- check --config brazier.yaml --connect > effective.yaml
  $ npm run -s brazier -- check --workspace-config workspaceConfig.json > brazier.yaml

stdout: the configuration as understood, secrets masked. stderr: warnings, what is not served, and problems.
Exit codes: 0 good, 1 Braze does not take a key, or the log's brokers are not as needed (--connect), 2 a file has
problems.`;

interface CheckOptions extends ConfigFiles {
  readonly connect?: boolean;
}

export function checkCommand(): Command {
  return withRoleOption(withConfigOptions(new Command('check')), 'the role it is to be good for')
    .description('Validate a configuration and print what was understood')
    .option(
      '--connect',
      'also ask Braze whether each key is good, and the brokers of the log; nothing is changed there',
    )
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
  const [ofLog, ofDestinations] = await Promise.all([askLog(config), askDestinations(config)]);
  for (const { lines } of [...ofLog, ...ofDestinations]) process.stderr.write(`${lines.join('\n')}\n`);
  const bad = ofDestinations.filter(({ good }) => !good);
  const faults = [
    ...(ofLog.some(({ good }) => !good) ? ['the log cannot be used as it is'] : []),
    ...(bad.length > 0
      ? [`${bad.length} of ${ofDestinations.length} destinations cannot be delivered to`]
      : []),
  ];
  if (faults.length > 0) throw new CommandError(faults.join('\n'));
}

/** The embedded log needs nobody's leave. */
async function askLog(config: Config): Promise<Verdict[]> {
  const { log } = config;
  if (log.kind === 'embedded') return [];
  const { askKafka } = await import('./ask-kafka.ts');
  return [await askKafka(log, config)];
}

/** Whoever only takes events delivers to none of them. */
async function askDestinations({ role, destinations }: Config): Promise<Verdict[]> {
  if (role === 'ingest') return [];
  const { askBraze } = await import('./ask-braze.ts');
  return Promise.all(destinations.map((destination) => askBraze(destination)));
}
