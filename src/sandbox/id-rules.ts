/** `/users/external_ids/rename`, `/users/external_ids/remove` and `/users/delete` by Braze's rules. They read who is known; nothing changes here. */
import { type Call, isPrioritizationRequired, type Store } from './call.ts';
import { type Identity, readAlias, readExternalId } from './identity.ts';
import { checkLists, listOf } from './item-lists.ts';
import { idText, isObject, type Json } from './json.ts';
import { type Prioritization, readPrioritization } from './prioritization.ts';
import { renameProblem } from './profile-ids.ts';
import { type Change, type Contact, jsonReply, turnedAway, type Verdict } from './verdict.ts';

/** 201 with the renames that were possible, and a text for each that was not. */
export function judgeRename({ body, store }: Call): Verdict {
  const refused = checkLists(body, ['external_id_renames']);
  if (refused !== undefined) return refused;
  const changes: Change[] = [];
  const errors: string[] = [];
  for (const item of listOf(body.external_id_renames) ?? []) {
    const change = readRename(item, store);
    if (typeof change === 'string') errors.push(change);
    else changes.push(change);
  }
  const renamed = changes.flatMap((change) =>
    change.kind === 'rename' ? [{ current_external_id: change.from, new_external_id: change.to }] : [],
  );
  const reply = { external_ids: renamed, rename_errors: errors, message: 'success' };
  return { reply: jsonReply(201, reply), changes };
}

function readRename(item: Json, store: Store): Change | string {
  const from = readExternalId(isObject(item) ? item.current_external_id : undefined);
  if (typeof from === 'string') return from.replace('external_id', 'current_external_id');
  const to = readExternalId(isObject(item) ? item.new_external_id : undefined);
  if (typeof to === 'string') return to.replace('external_id', 'new_external_id');
  return renameProblem(store.users, from.id, to.id) ?? { kind: 'rename', from: from.id, to: to.id };
}

/** 201 with the deprecated ids that go, and a text for each that is none. */
export function judgeRemove({ body, store }: Call): Verdict {
  const refused = checkLists(body, ['external_ids']);
  if (refused !== undefined) return refused;
  const changes: Change[] = [];
  const removed: string[] = [];
  const errors: string[] = [];
  for (const sent of listOf(body.external_ids) ?? []) {
    const id = idText(sent) ?? '';
    const owner = store.users.find({ by: 'external_id', id });
    if (owner === undefined || owner.externalId === id) {
      errors.push(`The external_id '${id}' is not deprecated`);
      continue;
    }
    removed.push(id);
    changes.push({ kind: 'remove_id', id });
  }
  const reply = { removed_ids: removed, removal_errors: errors, message: 'success' };
  return { reply: jsonReply(201, reply), changes };
}

const DELETE_LISTS = [
  'external_ids',
  'user_aliases',
  'braze_ids',
  'email_addresses',
  'phone_numbers',
] as const;

/** 201 with how many deletes were queued, known users or not; 400 for the whole request when one id is not valid. */
export function judgeDelete(call: Call): Verdict {
  const { body } = call;
  const isRequired = isPrioritizationRequired(call);
  const refused = checkLists(body, DELETE_LISTS);
  if (refused !== undefined) return refused;
  const changes: Change[] = [];
  for (const field of DELETE_LISTS) {
    for (const item of listOf(body[field]) ?? []) {
      const change = readDelete(field, item, isRequired);
      if (typeof change === 'string') return turnedAway(400, change);
      changes.push(change);
    }
  }
  return { reply: jsonReply(201, { deleted: changes.length, message: 'success' }), changes };
}

function readDelete(field: (typeof DELETE_LISTS)[number], item: Json, isRequired: boolean): Change | string {
  if (field === 'email_addresses') return readContact(item, 'email', isRequired);
  if (field === 'phone_numbers') return readContact(item, 'phone', isRequired);
  const who = readDeleted(field, item);
  return typeof who === 'string' ? who : { kind: 'delete', who, prioritization: [] };
}

function readDeleted(field: string, item: Json): Identity | string {
  if (field === 'external_ids') return readExternalId(item);
  if (field === 'braze_ids') return { by: 'braze_id' };
  const alias = readAlias(item);
  return alias === undefined ? "'user_aliases' is not valid" : { by: 'alias', alias };
}

/** `{email, prioritization}`; the address alone where no prioritization is required. */
function readContact(item: Json, by: Contact['by'], isRequired: boolean): Change | string {
  const address = idText(isObject(item) ? item[by] : item) ?? '';
  if (address === '') return `'${by}' is required`;
  const prioritization = readDeletePrioritization(
    isObject(item) ? item.prioritization : undefined,
    isRequired,
  );
  if (typeof prioritization === 'string') return prioritization;
  return { kind: 'delete', who: { by, address }, prioritization };
}

/** Braze lists no `least_recently_updated` for deletes. */
function readDeletePrioritization(value: Json | undefined, isRequired: boolean): Prioritization | string {
  const read = readPrioritization(value, isRequired);
  return read.includes('least_recently_updated') ? "'prioritization' is not valid" : read;
}
