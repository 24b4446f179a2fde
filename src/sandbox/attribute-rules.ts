/** What Braze demands of one attribute object. Pure; the answer is the item error's text. */
import { NAMED } from './error-texts.ts';
import { isEmail } from './identity.ts';
import { isObject, isSet, type Json, type JsonObject } from './json.ts';
import type { Workspace } from './workspace.ts';

/** Braze: a device id is 8 to 255 bytes. */
const DEVICE_ID_BYTES = { least: 8, most: 255 } as const;
const SUBSCRIBE_STATES: ReadonlySet<Json | undefined> = new Set(['opted_in', 'subscribed', 'unsubscribed']);
const GROUP_STATES: ReadonlySet<Json | undefined> = new Set(['subscribed', 'unsubscribed']);

/** Undefined when the attribute object is fine. Values that Braze would silently leave out are fine. */
export function checkAttributes(object: JsonObject, workspace: Workspace): string | undefined {
  return (
    checkStandard(object) ??
    checkTokenImport(object) ??
    checkEach(object.push_tokens, NAMED.BAD_PUSH_TOKEN_VALUE, (token) => checkToken(token, workspace)) ??
    checkEach(object.subscription_groups, NAMED.BAD_SUBSCRIPTION_GROUP_ARRAY, (group) =>
      checkGroup(group, workspace),
    )
  );
}

function checkStandard(object: JsonObject): string | undefined {
  const {
    email,
    email_subscribe: emailState,
    push_subscribe: pushState,
    current_location: location,
  } = object;
  if (isSet(email) && !(typeof email === 'string' && isEmail(email))) return NAMED.EMAIL_BAD_FORMAT;
  if (Object.hasOwn(object, 'email_subscription_info')) {
    return NAMED.INVALID_ATTRIBUTE_EMAIL_SUBSCRIPTION_INFO;
  }
  if (isSet(emailState) && !SUBSCRIBE_STATES.has(emailState)) return NAMED.BAD_EMAIL_SUBSCRIPTION_STATE;
  if (isSet(pushState) && !SUBSCRIBE_STATES.has(pushState)) return NAMED.BAD_PUSH_SUBSCRIPTION_STATE;
  return isSet(location) && !isLocation(location) ? NAMED.BAD_LOCATION_UPDATE : undefined;
}

function isLocation(value: Json | undefined): boolean {
  return isObject(value) && Number.isFinite(value.longitude) && Number.isFinite(value.latitude);
}

/** Braze: tokens are imported for nobody in particular, and there must be one. */
function checkTokenImport(object: JsonObject): string | undefined {
  if (object.push_token_import !== true) return undefined;
  const { external_id: externalId, braze_id: brazeId, push_tokens: tokens } = object;
  const isFine = !isSet(externalId) && !isSet(brazeId) && !(Array.isArray(tokens) && tokens.length === 0);
  return isFine && isSet(tokens) ? undefined : NAMED.BAD_PUSH_TOKEN_IMPORT;
}

/** `list` must be objects, each of which passes `check`. */
function checkEach(
  list: Json | undefined,
  notAList: string,
  check: (item: JsonObject) => string | undefined,
): string | undefined {
  if (!isSet(list)) return undefined;
  if (!Array.isArray(list)) return notAList;
  for (const item of list) {
    const problem = isObject(item) ? check(item) : notAList;
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkToken(token: JsonObject, { appIds }: Workspace): string | undefined {
  const { app_id: appId, token: text, device_id: deviceId } = token;
  if (!isKnown(appId, appIds)) return NAMED.BAD_PUSH_TOKEN_APP_ID;
  if (typeof text !== 'string' || text === '') return NAMED.BAD_PUSH_TOKEN_STRING;
  return isSet(deviceId) && !isDeviceId(deviceId) ? NAMED.BAD_DEVICE_ID : undefined;
}

function isDeviceId(value: Json | undefined): boolean {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.byteLength(value);
  return bytes >= DEVICE_ID_BYTES.least && bytes <= DEVICE_ID_BYTES.most;
}

function checkGroup(group: JsonObject, { subscriptionGroups }: Workspace): string | undefined {
  const { subscription_group_id: id, subscription_state: state } = group;
  if (!isSet(id) || !isSet(state)) return NAMED.BAD_SUBSCRIPTION_GROUP_HASH;
  if (!isKnown(id, subscriptionGroups)) return NAMED.BAD_SUBSCRIPTION_GROUP_ID;
  return GROUP_STATES.has(state) ? undefined : NAMED.BAD_SUBSCRIPTION_GROUP_STATE;
}

/** Where the ids are not told, any text that is not empty is one of them. */
function isKnown(id: Json | undefined, known: ReadonlySet<string> | undefined): boolean {
  return typeof id === 'string' && id !== '' && (known === undefined || known.has(id));
}
