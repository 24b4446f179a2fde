/** The options that say where the configuration stands, for every command that takes one, and how it is loaded. */
import { type Command, Option } from 'commander';
import type { ConfigFiles } from '../config/load.ts';
import { ROLES } from '../config/roles.ts';
import { CommandError } from './command-error.ts';

/** Adds `--config`, `--workspace-config` and `--allow-unserved`: parsed they are `ConfigFiles`. */
export function withConfigOptions(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration file (YAML)')
    .option(
      '--workspace-config <file>',
      "RudderStack's workspaceConfig.json; --config then overrides and adds",
    )
    .option(
      '--allow-unserved',
      'go on without what changes the result and is not served (transformations …)',
    );
}

/** Adds `--role`: parsed it is a `Role`, or absent for `all`. */
export function withRoleOption(command: Command, description: string): Command {
  return command.addOption(new Option('--role <role>', description).choices(ROLES));
}

/**
 * Loads the files with the process's environment; warnings go to stderr, problems are thrown with exit code 2.
 * At least one file is given.
 */
export async function loadOrFail(files: ConfigFiles) {
  if (files.config === undefined && files.workspaceConfig === undefined && files.role !== undefined) {
    throw new CommandError(`--role ${files.role} is about a configuration: give --config <file>`, 2);
  }
  if (files.allowUnserved === true && files.workspaceConfig === undefined) {
    throw new CommandError('--allow-unserved is about --workspace-config <file>, which is not given', 2);
  }
  const { loadFiles } = await import('../config/load.ts');
  const { readEnvironment } = await import('../config/environment.ts');
  const { formatProblem } = await import('../config/problem.ts');
  const loaded = loadFiles(files, readEnvironment());
  if (!loaded.ok) throw new CommandError(loaded.problems.map(formatProblem).join('\n'), 2);
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${warning}\n`);
  return loaded;
}
