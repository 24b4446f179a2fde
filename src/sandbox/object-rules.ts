/** What Braze demands of one attribute object, event or purchase. Pure; the answer is the item error's text. */
import { BAD_EMAIL, isEmail } from './identity.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { parseTime } from './time.ts';
import type { Workspace } from './workspace.ts';

export interface ObjectContext {
  /** ms since the epoch: event times after it become this. */
  readonly nowMs: number;
  /** Size of the whole request; no object in it can be larger. */
  readonly bodyBytes: number;
  readonly workspace: Workspace;
}

/** Braze: names and product ids up to 255 characters, 256 properties, 100 KB where values are nested. */
const MAX_NAME_LENGTH = 255;
const MAX_PROPERTIES = 256;
const MAX_NESTED_BYTES = 100 * 1024;
/** Braze: quantity is an integer from 1 to 100. */
const MAX_QUANTITY = 100;

const SUBSCRIBE_STATES: ReadonlySet<unknown> = new Set(['opted_in', 'subscribed', 'unsubscribed']);
const RESERVED_IN_EVENTS: ReadonlySet<string> = new Set(['time', 'event_name']);
const RESERVED_IN_PURCHASES: ReadonlySet<string> = new Set([
  ...RESERVED_IN_EVENTS,
  'product_id',
  'quantity',
  'price',
  'currency',
]);
/** ISO 4217 as the runtime knows it. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** Undefined when the attribute object is fine. */
export function checkAttributes(object: JsonObject): string | undefined {
  const { email, current_location: location } = object;
  if (isSet(email) && !(typeof email === 'string' && isEmail(email))) return BAD_EMAIL;
  for (const field of ['email_subscribe', 'push_subscribe']) {
    if (isSet(object[field]) && !SUBSCRIBE_STATES.has(object[field])) return notValid(field);
  }
  if (isSet(location) && !isLocation(location)) return notValid('current_location');
  if (isSet(object.push_tokens) && !isListOfObjects(object.push_tokens)) return notValid('push_tokens');
  return checkGroups(object.subscription_groups);
}

function checkGroups(groups: Json | undefined): string | undefined {
  if (!isSet(groups)) return undefined;
  const good = isListOfObjects(groups) && groups.every((group) => isGroupState(group));
  return good ? undefined : notValid('subscription_groups');
}

function isGroupState(group: JsonObject): boolean {
  const { subscription_group_id: id, subscription_state: state } = group;
  return typeof id === 'string' && id !== '' && (state === 'subscribed' || state === 'unsubscribed');
}

/** Undefined when the event is fine; a time in the future is then set to now, properties over the cap are gone. */
export function checkEvent(event: JsonObject, context: ObjectContext): string | undefined {
  return (
    checkName(event.name, 'name') ??
    checkTime(event, context.nowMs) ??
    checkProperties(event, RESERVED_IN_EVENTS, context)
  );
}

/** As `checkEvent`; a numeric product id becomes text, the currency upper case. */
export function checkPurchase(purchase: JsonObject, context: ObjectContext): string | undefined {
  if (typeof purchase.product_id === 'number') purchase.product_id = String(purchase.product_id);
  return (
    checkProductId(purchase.product_id) ??
    checkCurrency(purchase) ??
    checkPrice(purchase.price) ??
    checkQuantity(purchase.quantity) ??
    checkTime(purchase, context.nowMs) ??
    checkProperties(purchase, RESERVED_IN_PURCHASES, context)
  );
}

function checkName(value: Json | undefined, field: string): string | undefined {
  if (!isSet(value)) return required(field);
  return typeof value === 'string' && value !== '' ? undefined : notValid(field);
}

function checkProductId(value: Json | undefined): string | undefined {
  const tooLong = typeof value === 'string' && value.length > MAX_NAME_LENGTH;
  return tooLong ? notValid('product_id') : checkName(value, 'product_id');
}

function checkTime(object: JsonObject, nowMs: number): string | undefined {
  const { time } = object;
  if (!isSet(time)) return required('time');
  const at = typeof time === 'string' ? parseTime(time) : undefined;
  if (at === undefined) return notValid('time');
  if (at > nowMs) object.time = new Date(nowMs).toISOString();
  return undefined;
}

function checkCurrency(purchase: JsonObject): string | undefined {
  const { currency } = purchase;
  if (!isSet(currency)) return required('currency');
  const code = typeof currency === 'string' ? currency.toUpperCase() : '';
  if (!CURRENCIES.has(code)) return notValid('currency');
  purchase.currency = code;
  return undefined;
}

function checkPrice(price: Json | undefined): string | undefined {
  if (!isSet(price)) return required('price');
  return Number.isFinite(price) ? undefined : notValid('price');
}

function checkQuantity(quantity: Json | undefined): string | undefined {
  if (!isSet(quantity)) return undefined;
  const good = Number.isInteger(quantity) && Number(quantity) >= 1 && Number(quantity) <= MAX_QUANTITY;
  return good ? undefined : notValid('quantity');
}

function checkProperties(
  object: JsonObject,
  reserved: ReadonlySet<string>,
  context: ObjectContext,
): string | undefined {
  const { properties } = object;
  if (!isSet(properties)) return undefined;
  if (!isObject(properties)) return notValid('properties');
  const names = Object.keys(properties);
  for (const name of names) {
    if (reserved.has(name)) return `The property '${name}' is reserved`;
    if (name === '' || name.length > MAX_NAME_LENGTH || name.startsWith('$')) return notValid('properties');
  }
  if (isNestedTooLarge(properties, context.bodyBytes)) return "'properties' must be at most 100 KB";
  if (names.length > MAX_PROPERTIES) object.properties = firstProperties(properties);
  return undefined;
}

function isNestedTooLarge(properties: JsonObject, bodyBytes: number): boolean {
  if (bodyBytes <= MAX_NESTED_BYTES) return false;
  const isNested = Object.values(properties).some((value) => typeof value === 'object' && value !== null);
  return isNested && Buffer.byteLength(JSON.stringify(properties)) > MAX_NESTED_BYTES;
}

function firstProperties(properties: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).slice(0, MAX_PROPERTIES));
}

function isLocation(value: Json | undefined): boolean {
  return isObject(value) && Number.isFinite(value.longitude) && Number.isFinite(value.latitude);
}

function isListOfObjects(value: Json | undefined): value is JsonObject[] {
  return Array.isArray(value) && value.every(isObject);
}

function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

function required(field: string): string {
  return `'${field}' is required`;
}

function notValid(field: string): string {
  return `'${field}' is not valid`;
}
