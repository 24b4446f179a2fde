import { Command } from 'commander';
import { expect, it } from 'vitest';
import { workspaceFlags } from '../../../src/cli/sandbox-workspace-flags.ts';

function parse(...args: string[]): unknown {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  for (const option of workspaceFlags()) command.addOption(option);
  return command.parse(args, { from: 'user' }).opts();
}

it('takes purchases, answers sentences and keeps 500 values unless told otherwise', () => {
  expect(parse()).toEqual({ purchases: true, errorTexts: 'sentences', maxArrayItems: 500 });
});

it('reads every flag by the name of its option', () => {
  const flags = [
    ...['--blocked-external-ids', 'a, b', '--blocked-names', 'secret', '--no-purchases'],
    ...['--app-ids', 'app', '--subscription-groups', 'g1,g2', '--error-texts', 'names'],
    ...['--strict-purchase-size', '--max-array-items', '25'],
    ...['--assume', 'longStrings=truncated,ecommerceSource=platform', '--assume', 'longEventNames=refused'],
  ];
  expect(parse(...flags)).toEqual({
    blockedExternalIds: ['a', 'b'],
    blockedNames: ['secret'],
    purchases: false,
    appIds: ['app'],
    subscriptionGroups: ['g1', 'g2'],
    errorTexts: 'names',
    strictPurchaseSize: true,
    maxArrayItems: 25,
    assume: { longStrings: 'truncated', ecommerceSource: 'platform', longEventNames: 'refused' },
  });
});

it.each([
  ['--blocked-names', 'a,,b', 'Expected texts with commas between them.'],
  ['--max-array-items', '24', 'Expected an integer from 25 to 500.'],
  ['--max-array-items', '501', 'Expected an integer from 25 to 500.'],
  ['--max-array-items', 'many', 'Expected an integer from 25 to 500.'],
  ['--error-texts', 'poems', 'Allowed choices are sentences, names.'],
  ['--assume', 'nothing=ever', 'longEventNames, badPropertyNames, '],
  ['--assume', 'longStrings=eaten', 'Expected longStrings to be dropped or truncated.'],
  ['--assume', 'longStrings=dropped=dropped', 'Expected longStrings to be dropped or truncated.'],
])('refuses %s %s', (flag, value, message) => {
  expect(() => parse(flag, value)).toThrow(message);
});
