/** The flags of `brazier sandbox` that say what the workspace is set to and what is assumed of Braze. */
import { InvalidArgumentError, Option } from 'commander';
import { ARRAY_ITEMS, ASSUMPTIONS, type Assumptions } from '../sandbox/workspace.ts';

const VALUES: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(ASSUMPTIONS));

/** Their names are those of the sandbox's `WorkspaceOptions`. */
export function workspaceFlags(): Option[] {
  return [
    new Option('--blocked-external-ids <list>', 'users whom Braze has blocked').argParser(texts),
    new Option('--blocked-names <list>', 'blocklisted attributes, events and products').argParser(texts),
    new Option('--no-purchases', 'the workspace of a new customer: purchases are refused'),
    new Option('--app-ids <list>', 'apps of the workspace (default: all are known)').argParser(texts),
    new Option(
      '--subscription-groups <list>',
      'subscription groups of the workspace (default: all are known)',
    ).argParser(texts),
    new Option('--error-texts <how>', 'item errors as Braze answers or as its docs name them')
      .default('sentences')
      .choices(['sentences', 'names']),
    new Option('--strict-purchase-size', 'nested properties of a purchase up to 50 KB, not 100'),
    new Option('--max-array-items <n>', 'values that an array attribute keeps')
      .default(ARRAY_ITEMS.most)
      .argParser(arrayItems),
    new Option(
      '--assume <name=value,…>',
      'what Braze does with what it does not document: see docs/sandbox.md',
    ).argParser(assumptions),
  ];
}

function texts(list: string): string[] {
  const all = list.split(',').map((text) => text.trim());
  if (all.includes('')) throw new InvalidArgumentError('Expected texts with commas between them.');
  return all;
}

function arrayItems(text: string): number {
  const { least, most } = ARRAY_ITEMS;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new InvalidArgumentError(`Expected an integer from ${least} to ${most}.`);
}

function assumptions(list: string, before: Partial<Assumptions> = {}): Partial<Assumptions> {
  return { ...before, ...Object.fromEntries(texts(list).map(assumption)) };
}

function assumption(text: string): [string, string] {
  const [name = '', value = '', ...rest] = text.split('=');
  const values = VALUES.get(name);
  if (values === undefined) {
    throw new InvalidArgumentError(`unknown: ${name}; there are ${[...VALUES.keys()].join(', ')}`);
  }
  if (rest.length === 0 && values.includes(value)) return [name, value];
  throw new InvalidArgumentError(`Expected ${name} to be ${values.join(' or ')}.`);
}
