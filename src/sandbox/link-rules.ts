/** `/users/identify`, `/users/alias/new` and `/users/merge` by Braze's rules: what each item must hold. Pure. */
import { type Identity, readAlias, readExternalId, readIdentity } from './identity.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { type Change, type ItemError, jsonReply, turnedAway, type Verdict } from './verdict.ts';

/** Braze: 50 items per request on each of the three. */
const MAX_ITEMS = 50;
export const TOO_MANY_IDS = 'The max number of ids per request was exceeded';

/** 201 with the count of accepted aliases and the items refused. */
export function judgeIdentify(body: JsonObject): Verdict {
  return judgeItems(body, {
    field: 'aliases_to_identify',
    errorsAs: 'user_identifiers',
    read: readIdentifyItem,
  });
}

/** As `judgeIdentify`. */
export function judgeAliasNew(body: JsonObject): Verdict {
  return judgeItems(body, { field: 'user_aliases', errorsAs: 'user_aliases', read: readAliasItem });
}

interface ItemRules {
  readonly field: string;
  /** Braze names another array in the errors than the one sent (seen with identify). */
  readonly errorsAs: string;
  readonly read: (item: JsonObject) => Change | string;
}

function judgeItems(body: JsonObject, rules: ItemRules): Verdict {
  const list = body[rules.field];
  if (!Array.isArray(list) || list.length === 0) {
    return turnedAway(400, `'${rules.field}' must be an array of objects`);
  }
  if (list.length > MAX_ITEMS) return turnedAway(400, TOO_MANY_IDS);
  const changes: Change[] = [];
  const errors: ItemError[] = [];
  for (const [index, item] of list.entries()) {
    const change = rules.read(isObject(item) ? item : {});
    if (typeof change === 'string') errors.push({ type: change, input_array: rules.errorsAs, index });
    else changes.push(change);
  }
  const withErrors = errors.length > 0 ? { errors } : {};
  const reply = jsonReply(201, { aliases_processed: changes.length, message: 'success', ...withErrors });
  return { reply, changes };
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

function readAliasItem(item: JsonObject): Change | string {
  const alias = readAlias(item);
  if (alias === undefined) return "'alias_name' and 'alias_label' are required";
  if (item.external_id === undefined || item.external_id === null) {
    return { kind: 'alias', externalId: undefined, alias };
  }
  const who = readExternalId(item.external_id);
  return typeof who === 'string' ? who : { kind: 'alias', externalId: who.id, alias };
}

const MERGE_FIELDS: readonly string[] = ['identifier_to_merge', 'identifier_to_keep'];

/** 202, or 400 with a message alone: a merge request is accepted or refused as a whole. */
export function judgeMerge(body: JsonObject): Verdict {
  const { merge_updates: list } = body;
  if (!Array.isArray(list) || list.length === 0 || !list.every(isObject)) {
    return turnedAway(400, "'merge_updates' must be an array of objects");
  }
  if (list.length > MAX_ITEMS) {
    return turnedAway(400, `a single request may not contain more than ${MAX_ITEMS} merge updates`);
  }
  const changes: Change[] = [];
  for (const item of list) {
    const change = readMergeItem(item);
    if (typeof change === 'string') return turnedAway(400, change);
    changes.push(change);
  }
  return { reply: jsonReply(202, { message: 'success' }), changes };
}

function readMergeItem(item: JsonObject): Change | string {
  if (Object.keys(item).some((key) => !MERGE_FIELDS.includes(key))) {
    return "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'";
  }
  const from = readMergeIdentity(item, 'identifier_to_merge');
  if (typeof from === 'string') return from;
  const into = readMergeIdentity(item, 'identifier_to_keep');
  return typeof into === 'string' ? into : { kind: 'merge', from, into };
}

function readMergeIdentity(item: JsonObject, field: string): Identity | string {
  const value = item[field];
  const who = isObject(value) ? readIdentity(value) : '';
  if (typeof who !== 'string') return who;
  return `'${field}' must be an object with an 'external_id', 'user_alias', 'email' or 'phone'`;
}
