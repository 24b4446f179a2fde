/** `/users/identify`, `/users/alias/new` and `/users/alias/update` by Braze's rules: what each item must hold. Pure. */
import { type ExternalId, readAlias, readExternalId } from './identity.ts';
import { checkLists, listOf, type ReadItems, readItems } from './item-lists.ts';
import { idText, type Json, type JsonObject } from './json.ts';
import { readPrioritization } from './prioritization.ts';
import { type Change, type Contact, jsonReply, type Verdict } from './verdict.ts';

type NamedItems = Parameters<typeof readItems>[2];
type ReadItem = (item: JsonObject) => Change | string;

/** What `/users/identify` takes, each list with the count of it in the answer. */
const IDENTIFY_LISTS = ['aliases_to_identify', 'emails_to_identify', 'phone_numbers_to_identify'] as const;
const COUNTS = {
  aliases_to_identify: 'aliases_processed',
  emails_to_identify: 'emails_processed',
  phone_numbers_to_identify: 'phone_numbers_processed',
} as const;

/** 201 with the counts of accepted items and the items refused. */
export function judgeIdentify(body: JsonObject, isPrioritizationRequired = true): Verdict {
  const refused = checkLists(body, IDENTIFY_LISTS);
  if (refused !== undefined) return refused;
  const readers: Readonly<Record<(typeof IDENTIFY_LISTS)[number], ReadItem>> = {
    aliases_to_identify: readIdentifyItem,
    emails_to_identify: (item) => readContactItem(item, 'email', isPrioritizationRequired),
    phone_numbers_to_identify: (item) => readContactItem(item, 'phone', isPrioritizationRequired),
  };
  // Braze names another array in the errors than the one sent (seen with aliases).
  const into: NamedItems = { changes: [], errors: [], errorsAs: 'user_identifiers' };
  const counts: Record<string, number> = {};
  for (const field of IDENTIFY_LISTS) {
    const list = listOf(body[field]) ?? [];
    if (list.length > 0) counts[COUNTS[field]] = readItems(list, readers[field], into);
  }
  return answer(counts, into);
}

/** As `judgeIdentify`. */
export function judgeAliasNew(body: JsonObject): Verdict {
  return judgeAliases(body, 'user_aliases', readAliasItem);
}

/** As `judgeIdentify`. */
export function judgeAliasUpdate(body: JsonObject): Verdict {
  return judgeAliases(body, 'alias_updates', readAliasUpdate);
}

function judgeAliases(body: JsonObject, field: string, read: ReadItem): Verdict {
  const refused = checkLists(body, [field]);
  if (refused !== undefined) return refused;
  const into: NamedItems = { changes: [], errors: [], errorsAs: field };
  return answer({ aliases_processed: readItems(listOf(body[field]) ?? [], read, into) }, into);
}

function answer(counts: Readonly<Record<string, number>>, { changes, errors }: ReadItems): Verdict {
  const withErrors = errors.length > 0 ? { errors } : {};
  return { reply: jsonReply(201, { ...counts, message: 'success', ...withErrors }), changes };
}

function readIdentifyItem(item: JsonObject): Change | string {
  const who = readExternalId(item.external_id);
  if (typeof who === 'string') return who;
  const alias = readAlias(item.user_alias);
  if (alias === undefined) return aliasProblem(item.user_alias);
  return { kind: 'identify', externalId: who.id, alias };
}

function aliasProblem(value: Json | undefined): string {
  return value === undefined || value === null ? "'user_alias' is required" : "'user_alias' is not valid";
}

function readContactItem(item: JsonObject, by: Contact['by'], isRequired: boolean): Change | string {
  const user = readExternalId(item.external_id);
  if (typeof user === 'string') return user;
  const address = idText(item[by]) ?? '';
  if (address === '') return `'${by}' is required`;
  const prioritization = readPrioritization(item.prioritization, isRequired);
  if (typeof prioritization === 'string') return prioritization;
  return { kind: 'identify_contact', externalId: user.id, who: { by, address }, prioritization };
}

function readAliasItem(item: JsonObject): Change | string {
  const alias = readAlias(item);
  if (alias === undefined) return "'alias_name' and 'alias_label' are required";
  if (item.external_id === undefined || item.external_id === null) {
    return { kind: 'alias', externalId: undefined, alias };
  }
  const who: ExternalId | string = readExternalId(item.external_id);
  return typeof who === 'string' ? who : { kind: 'alias', externalId: who.id, alias };
}

function readAliasUpdate(item: JsonObject): Change | string {
  const { alias_label: label, old_alias_name: oldName, new_alias_name: newName } = item;
  const alias = readAlias({ alias_label: label ?? null, alias_name: oldName ?? null });
  if (alias === undefined || typeof newName !== 'string' || newName === '') {
    return "'alias_label', 'old_alias_name' and 'new_alias_name' are required";
  }
  return { kind: 'alias_update', alias, newName };
}
