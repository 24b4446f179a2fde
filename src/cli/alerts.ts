/** `brazier alerts test`: one message to each webhook of `alerts`, to see whether it arrives. No server need run. */
import { hostname } from 'node:os';
import { Command } from 'commander';
import type { Config } from '../config/config.ts';
import type { ConfigFiles } from '../config/load.ts';
import { CommandError } from './command-error.ts';
import { loadOrFail, withConfigOptions } from './config-options.ts';

const EXAMPLES = `
Examples:
  $ npm run -s brazier -- alerts test --config brazier.yaml              one message to each webhook
  $ npm run -s brazier -- alerts test --config brazier.yaml --webhook on-call

The message says that it is a test: state "test" in the form json. Exit codes: 0 all arrived, 1 one did not, 2 usage or
configuration.`;

interface Flags extends ConfigFiles {
  readonly webhook?: string;
}

export function alertsCommand(): Command {
  const command = new Command('alerts').description('Try the alert webhooks').addHelpText('after', EXAMPLES);
  withConfigOptions(command.command('test').description('Send a test message to the webhooks'))
    .option('--webhook <id>', 'to this one only')
    .action(test);
  return command;
}

async function test({ webhook: only, ...files }: Flags): Promise<void> {
  if (files.config === undefined && files.workspaceConfig === undefined) {
    throw new CommandError('say which webhooks: --config <file>', 2);
  }
  const { config } = await loadOrFail(files);
  const webhooks = config.alerts.webhooks.filter(({ id }) => only === undefined || id === only);
  if (webhooks.length === 0) throw new CommandError(noneText(config, only), 2);
  const [{ bodyOf }, { tellerOf }, { postTo }] = await Promise.all([
    import('../alerts/forms.ts'),
    import('../alerts/teller.ts'),
    import('../alerts/webhook.ts'),
  ]);
  const teller = tellerOf(config, hostname());
  let failed = 0;
  for (const webhook of webhooks) {
    const body = bodyOf(webhook.form, { state: 'test' }, teller, Date.now());
    const posted = await postTo(webhook, body, new AbortController().signal);
    if (!posted.ok) failed += 1;
    process.stdout.write(`${webhook.id}: ${posted.ok ? `arrived (${posted.status})` : posted.reason}\n`);
  }
  if (failed > 0) throw new CommandError(`${failed} of ${webhooks.length} webhooks did not take the message`);
}

function noneText({ alerts }: Config, only: string | undefined): string {
  if (only === undefined || alerts.webhooks.length === 0) return 'there is no webhook in alerts.webhooks';
  return `there is no webhook ${only}; there is ${alerts.webhooks.map(({ id }) => id).join(', ')}`;
}
