/** From RudderStack's sources and Braze destinations to entries of our own form; settings keep RudderStack's names. */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../model/json.ts';
import type { Problem } from './problem.ts';
import { SETTINGS_PROPERTIES } from './settings-schema.ts';
import { formatPath, type Path } from './validator.ts';
import type { Entry, Member } from './workspace-entries.ts';
import { type Found, memberOf, type Part } from './workspace-part.ts';
import type { DestinationCopy, WorkspaceDestination, WorkspaceSource } from './workspace-read.ts';
import { type Place, toProblem } from './written.ts';

/** Whether a member of RudderStack's `config` means something here; what had no effect there has none here either. */
export function isServed(key: string): boolean {
  if (key === 'restApiKey' || key === 'dataCenter') return true;
  return Object.hasOwn(SETTINGS_PROPERTIES, key) && SETTINGS_PROPERTIES[key]?.noEffect !== true;
}

/** `served`: ids of the destinations that are served. */
export function sourceEntry(file: Place, source: WorkspaceSource, served: ReadonlySet<string>): Entry {
  const { part, isEnabled, delivers } = source;
  const at = (name: string): Path => memberOf(part, name)?.path ?? [...part.path, name];
  const made = (name: string, value: Json): [string, Member] => [
    name,
    { value, place: { ...file, path: at(name) } },
  ];
  return entryOf(file, part, [
    ...copied(file, 'id', memberOf(part, 'id')),
    ...copied(file, 'writeKey', memberOf(part, 'writeKey')),
    made('enabled', isEnabled),
    made(
      'destinations',
      delivers.filter((id) => served.has(id)),
    ),
  ]);
}

/** Without the settings in which its copies differ: see `differences`. */
export function destinationEntry(file: Place, { copies }: WorkspaceDestination): Entry {
  const [first] = copies;
  const part = first?.part ?? { value: {}, path: [] };
  const settings = first === undefined ? [] : settingsOf(first);
  return entryOf(file, part, [
    ...copied(file, 'id', memberOf(part, 'id')),
    ...settings.flatMap(([key, found]) => copied(file, key, found)),
  ]);
}

function entryOf(file: Place, part: Part, members: readonly [string, Member][]): Entry {
  const name = memberOf(part, 'name')?.value;
  const quoted = typeof name === 'string' && name !== '' ? ` ${JSON.stringify(name)}` : '';
  return {
    place: { ...file, path: part.path },
    name: `${formatPath(part.path)}${quoted}`,
    members: new Map(members),
  };
}

function copied(file: Place, name: string, found: Found | undefined): [string, Member][] {
  return found === undefined ? [] : [[name, { value: found.value, place: { ...file, path: found.path } }]];
}

/** The members of `config` that are served; null is as good as missing. */
function settingsOf({ config }: DestinationCopy): [string, Found][] {
  return Object.entries(config?.value ?? {}).flatMap<[string, Found]>(([key, value]) =>
    value === null || !isServed(key) ? [] : [[key, { value, path: [...(config?.path ?? []), key] }]],
  );
}

/**
 * A destination stands under each of its sources, but it is one: a problem for each setting that its copies give
 * different values, unless `decided` holds the setting. Copies that nothing is delivered to do not count.
 */
export function differences(
  file: Place,
  { id, copies }: WorkspaceDestination,
  decided: ReadonlySet<string>,
): Problem[] {
  const [first, ...others] = copies.filter((copy, index) => index === 0 || copy.isActive);
  if (first === undefined) return [];
  const expected = new Map(settingsOf(first));
  return others.flatMap((copy) => {
    const given = new Map(settingsOf(copy));
    const keys = [...new Set([...expected.keys(), ...given.keys()])].filter((key) => !decided.has(key));
    const differing = keys.filter(
      (key) => !isDeepStrictEqual(expected.get(key)?.value, given.get(key)?.value),
    );
    return differing.map((key) => {
      const path = [...(copy.config ?? copy.part).path, key];
      const earlier = formatPath((first.config ?? first.part).path);
      const message = `found another value than ${earlier}.${key} has, expected one for both: they are the same destination "${id}" (a value in the file of --config counts for all)`;
      return toProblem({ ...file, path }, message);
    });
  });
}
