/** `/users/merge` by Braze's rules: a request is accepted or refused as a whole. Pure. */
import { type Identity, readIdentity } from './identity.ts';
import { MAX_IDS } from './item-lists.ts';
import { isObject, type JsonObject } from './json.ts';
import { type Prioritization, readPrioritization } from './prioritization.ts';
import { type Change, jsonReply, turnedAway, type Verdict } from './verdict.ts';

const MERGE_FIELDS: readonly string[] = ['identifier_to_merge', 'identifier_to_keep'];

/** 202, or 400 with a message alone. */
export function judgeMerge(body: JsonObject, isPrioritizationRequired = true): Verdict {
  const { merge_updates: list } = body;
  if (!Array.isArray(list) || list.length === 0 || !list.every(isObject)) {
    return turnedAway(400, "'merge_updates' must be an array of objects");
  }
  if (list.length > MAX_IDS) {
    return turnedAway(400, `a single request may not contain more than ${MAX_IDS} merge updates`);
  }
  const changes: Change[] = [];
  for (const item of list) {
    const change = readMergeItem(item, isPrioritizationRequired);
    if (typeof change === 'string') return turnedAway(400, change);
    changes.push(change);
  }
  return { reply: jsonReply(202, { message: 'success' }), changes };
}

function readMergeItem(item: JsonObject, isRequired: boolean): Change | string {
  if (Object.keys(item).some((key) => !MERGE_FIELDS.includes(key))) {
    return "'merge_updates' must only have 'identifier_to_merge' and 'identifier_to_keep'";
  }
  const from = readSide(item, 'identifier_to_merge', isRequired);
  if (typeof from === 'string') return from;
  const into = readSide(item, 'identifier_to_keep', isRequired);
  if (typeof into === 'string') return into;
  const prioritizations = { from: from.prioritization, into: into.prioritization };
  return { kind: 'merge', from: from.who, into: into.who, prioritizations };
}

interface Side {
  readonly who: Identity;
  readonly prioritization: Prioritization;
}

function readSide(item: JsonObject, field: string, isRequired: boolean): Side | string {
  const value = item[field];
  const who = isObject(value) ? readIdentity(value) : '';
  if (typeof who === 'string' || !isObject(value)) {
    return `'${field}' must be an object with an 'external_id', 'user_alias', 'email' or 'phone'`;
  }
  const isShared = who.by === 'email' || who.by === 'phone';
  const prioritization = readPrioritization(value.prioritization, isShared && isRequired);
  return typeof prioritization === 'string' ? prioritization : { who, prioritization };
}
