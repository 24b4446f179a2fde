/** What the schema cannot say about `mappings`, and their salts, which may live in files. */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import type { EventRule, MappingRule, Mappings } from '../model/settings.ts';
import { FileFault } from './file-fault.ts';
import type { Findings, Member } from './findings.ts';
import { RULE_LISTS, SALT } from './mapping-schema.ts';
import { readSecretFile } from './secret-file.ts';
import { describeExpected, type Fault, type Path } from './validator.ts';

type Faults = Pick<Findings, 'faults'>;

/** Braze, /users/track: members that say where and when an event or purchase belongs. */
const EVENT_FIELDS = ['time', 'event_name'];

/** Fields that say whose object it is, or when it happened: no rule may write them. */
const RESERVED: Readonly<Record<keyof typeof RULE_LISTS, readonly string[]>> = {
  // Braze, user attributes object: what is not an attribute in it.
  attributes: [
    'external_id',
    'braze_id',
    'user_alias',
    '_update_existing_only',
    'push_token_import',
    'app_id',
  ],
  properties: EVENT_FIELDS,
  purchases: EVENT_FIELDS,
  ecommerce: EVENT_FIELDS,
  ecommerceProducts: EVENT_FIELDS,
};

const LIST_NAMES = Object.keys(RULE_LISTS) as (keyof typeof RULE_LISTS)[];

/** From a value whose shape may be wrong: good only when nothing was found. Salts from files are read here. */
export function buildMappings(value: JsonObject, path: Path, findings: Faults): Mappings {
  const lists = LIST_NAMES.filter((name) => Array.isArray(value[name])).map((name) => {
    const members = membersOf(value, name, path);
    checkTargets(members, RESERVED[name], findings);
    return [name, members.map((member) => buildRule(member, findings))] as const;
  });
  if (!Array.isArray(value.events)) return Object.fromEntries(lists);
  const events = membersOf(value, 'events', path);
  checkEvents(events, findings);
  return { ...Object.fromEntries(lists), events: events.map((event) => event.value as unknown as EventRule) };
}

function membersOf(value: JsonObject, name: string, path: Path): Member[] {
  const entries: readonly Json[] = Array.isArray(value[name]) ? value[name] : [];
  return entries.flatMap((entry, index) =>
    isObject(entry) ? [{ value: entry, path: [...path, name, index] }] : [],
  );
}

/** What a rule writes, and under which key that is said; undefined where it writes nothing. */
function targetOf({ value: { from, to, drop } }: Member): { name: string; key: string } | undefined {
  if (drop === true) return undefined;
  if (typeof to === 'string') return { name: to, key: 'to' };
  return typeof from === 'string' ? { name: from.slice(from.lastIndexOf('.') + 1), key: 'from' } : undefined;
}

function checkTargets(members: readonly Member[], reserved: readonly string[], { faults }: Faults): void {
  const first = new Map<string, Path>();
  for (const member of members) {
    const target = targetOf(member);
    if (target === undefined) continue;
    const path = [...member.path, target.key];
    const earlier = first.get(target.name);
    first.set(target.name, earlier ?? member.path);
    const written = `found a rule that writes ${JSON.stringify(target.name)}`;
    if (reserved.includes(target.name)) {
      faults.push({ path, message: `${written}, which is reserved, expected another name in to` });
    } else if (earlier !== undefined) {
      const message = `${written}, as the rule ${String(earlier.at(-1))} of this list does, expected another name in to`;
      faults.push({ path, message });
    }
  }
}

function buildRule(member: Member, findings: Faults): MappingRule {
  const { saltFile, ...rule } = member.value;
  findings.faults.push(...contradictionsIn(member));
  const salt = typeof saltFile === 'string' ? readSalt(saltFile, member.path, findings) : rule.salt;
  return { ...rule, ...(salt === undefined ? {} : { salt }) } as unknown as MappingRule;
}

const WRITING = ['to', 'convert', 'salt', 'saltFile', 'default'];
const SALTS = ['salt', 'saltFile'];

function contradictionsIn({ value, path }: Member): Fault[] {
  const given = (keys: readonly string[]) => keys.filter((key) => value[key] !== undefined);
  const [written] = given(WRITING);
  if (value.drop === true) {
    const message = `found drop and ${written}, expected either drop or something to write`;
    return written === undefined ? [] : [{ path, message }];
  }
  const [salt, other] = given(SALTS);
  if (other !== undefined) return [{ path, message: 'found both of salt and saltFile, expected one' }];
  const isHashed = [value.convert].flat().includes('sha256');
  if (salt === undefined || isHashed) return [];
  return [{ path: [...path, salt], message: 'found a salt without sha256, expected convert to have it' }];
}

function readSalt(file: string, path: Path, { faults }: Faults): string | undefined {
  try {
    const salt = readSecretFile(file);
    if (salt.length >= (SALT.minLength ?? 0)) return salt;
    const message = `found something else in ${file}, expected ${describeExpected(SALT)}`;
    faults.push({ path: [...path, 'saltFile'], message });
  } catch (error) {
    if (!(error instanceof FileFault)) throw error;
    const message = `found a file that cannot be used, expected a salt in it: ${error.message}`;
    faults.push({ path: [...path, 'saltFile'], message });
  }
  return undefined;
}

function checkEvents(members: readonly Member[], { faults }: Faults): void {
  const first = new Map<string, number>();
  for (const [index, { value, path }] of members.entries()) {
    const isRenamed = value.rename !== undefined;
    if (isRenamed === (value.drop === true)) {
      const message = `found ${isRenamed ? 'both' : 'none'} of rename and drop: true, expected exactly one`;
      faults.push({ path, message });
    }
    if (typeof value.name !== 'string') continue;
    const name = value.name.trim().toLowerCase();
    const earlier = first.get(name);
    first.set(name, earlier ?? index);
    if (earlier === undefined) continue;
    const message = `found the name of the rule ${earlier} of this list again, expected it once`;
    faults.push({ path: [...path, 'name'], message });
  }
}
