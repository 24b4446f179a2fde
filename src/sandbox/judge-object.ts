/** One object of a track request: whom it is about, whether it is fine, and the change that it asks for. Pure. */
import { checkAttributes } from './attribute-rules.ts';
import { itemErrorText, NAMED } from './error-texts.ts';
import { type Identity, readIdentity } from './identity.ts';
import { isObject, isSet, type JsonObject } from './json.ts';
import { checkEvent, checkPurchase, type ObjectContext } from './object-rules.ts';
import type { Change, TrackArray } from './verdict.ts';
import type { Workspace } from './workspace.ts';

/** The change, or the text of the item error. May change the object as Braze does: a future time becomes now. */
export function judgeObject(array: TrackArray, object: JsonObject, context: ObjectContext): Change | string {
  const change = readChange(array, object, context);
  return typeof change === 'string' ? itemErrorText(change, context.workspace.errorTexts) : change;
}

function readChange(array: TrackArray, object: JsonObject, context: ObjectContext): Change | string {
  if (array === 'attributes' && isTokenImport(object)) return readTokenImport(object, context.workspace);
  const who = readIdentity(object);
  if (typeof who === 'string') return who;
  if (isBlocked(who, context.workspace)) return NAMED.BLACKLISTED_EXTERNAL_USER_ID;
  const problem = checkObject(array, object, context);
  if (problem !== undefined) return problem;
  const { _update_existing_only: sent } = object;
  return { kind: array, who, updateOnly: typeof sent === 'boolean' ? sent : undefined, object };
}

function checkObject(array: TrackArray, object: JsonObject, context: ObjectContext): string | undefined {
  if (array === 'attributes') return checkAttributes(object, context.workspace);
  return array === 'events' ? checkEvent(object, context) : checkPurchase(object, context);
}

/** Braze: an import of push tokens needs nobody whom they belong to. */
function isTokenImport(object: JsonObject): boolean {
  const { push_token_import: isImport, user_alias: alias, email, phone } = object;
  return isImport === true && ![alias, email, phone].some(isSet);
}

function readTokenImport(object: JsonObject, workspace: Workspace): Change | string {
  const problem = checkAttributes(object, workspace);
  if (problem !== undefined) return problem;
  const { push_tokens: tokens } = object;
  const list = Array.isArray(tokens) ? tokens.filter(isObject) : [];
  return { kind: 'token_import', tokens: list, attributes: object };
}

function isBlocked(who: Identity, { blockedExternalIds }: Workspace): boolean {
  return who.by === 'external_id' && blockedExternalIds.has(who.id);
}
