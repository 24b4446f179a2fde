/** What Braze demands of one event or purchase. Pure; the answer is the item error's text. */
import { currencyCode } from './currency.ts';
import { checkEcommerce } from './ecommerce-rules.ts';
import { notValid, required } from './error-texts.ts';
import { isSet, type Json, type JsonObject } from './json.ts';
import { checkProperties } from './property-rules.ts';
import { parseTime } from './time.ts';
import { MAX_NESTED_BYTES, type Workspace } from './workspace.ts';

export interface ObjectContext {
  /** ms since the epoch: event times after it become this. */
  readonly nowMs: number;
  /** Size of the whole request; no object in it can be larger. */
  readonly bodyBytes: number;
  readonly workspace: Workspace;
}

/** Braze: names and product ids up to 255 characters. */
const MAX_NAME_LENGTH = 255;
/** Braze: quantity is an integer from 1 to 100. */
const MAX_QUANTITY = 100;
/** Braze gives new customers no purchases; how it refuses them is not documented. */
const NO_PURCHASES = 'Purchases are not available for this workspace, use ecommerce recommended events';

const RESERVED_IN_EVENTS: ReadonlySet<string> = new Set(['time', 'event_name']);
const RESERVED_IN_PURCHASES: ReadonlySet<string> = new Set([
  ...RESERVED_IN_EVENTS,
  'product_id',
  'quantity',
  'price',
  'currency',
]);

/** Undefined when the event is fine; a time in the future is then set to now, properties over the cap are gone. */
export function checkEvent(event: JsonObject, context: ObjectContext): string | undefined {
  const { bodyBytes, workspace } = context;
  const { assume } = workspace;
  const rules = { reserved: RESERVED_IN_EVENTS, maxBytes: MAX_NESTED_BYTES, bodyBytes, assume };
  return (
    checkText(event.name, 'name', assume.longEventNames === 'accepted') ??
    checkTime(event, context.nowMs) ??
    checkAppId(event.app_id, workspace) ??
    checkProperties(event, rules) ??
    checkEcommerce(event, assume)
  );
}

/** As `checkEvent`; a numeric product id becomes text, the currency upper case. */
export function checkPurchase(purchase: JsonObject, context: ObjectContext): string | undefined {
  const { bodyBytes, workspace } = context;
  const { assume, hasPurchases, maxPurchaseBytes: maxBytes } = workspace;
  if (!hasPurchases) return NO_PURCHASES;
  if (typeof purchase.product_id === 'number') purchase.product_id = String(purchase.product_id);
  return (
    checkText(purchase.product_id, 'product_id', false) ??
    checkCurrency(purchase, workspace) ??
    checkPrice(purchase.price) ??
    checkQuantity(purchase.quantity) ??
    checkTime(purchase, context.nowMs) ??
    checkAppId(purchase.app_id, workspace) ??
    checkProperties(purchase, { reserved: RESERVED_IN_PURCHASES, maxBytes, bodyBytes, assume })
  );
}

function checkText(value: Json | undefined, field: string, mayBeLong: boolean): string | undefined {
  if (!isSet(value)) return required(field);
  if (typeof value !== 'string' || value === '') return notValid(field);
  return mayBeLong || value.length <= MAX_NAME_LENGTH ? undefined : notValid(field);
}

function checkTime(object: JsonObject, nowMs: number): string | undefined {
  const { time } = object;
  if (!isSet(time)) return required('time');
  const at = typeof time === 'string' ? parseTime(time) : undefined;
  if (at === undefined) return notValid('time');
  if (at > nowMs) object.time = new Date(nowMs).toISOString();
  return undefined;
}

function checkAppId(appId: Json | undefined, { appIds, assume }: Workspace): string | undefined {
  if (!isSet(appId) || appIds === undefined || assume.unknownAppIds === 'accepted') return undefined;
  return typeof appId === 'string' && appIds.has(appId) ? undefined : notValid('app_id');
}

function checkCurrency(purchase: JsonObject, { assume }: Workspace): string | undefined {
  if (!isSet(purchase.currency)) return required('currency');
  const code = currencyCode(purchase.currency, assume);
  if (code === undefined) return notValid('currency');
  purchase.currency = code;
  return undefined;
}

function checkPrice(price: Json | undefined): string | undefined {
  if (!isSet(price)) return required('price');
  return Number.isFinite(price) ? undefined : notValid('price');
}

function checkQuantity(quantity: Json | undefined): string | undefined {
  if (!isSet(quantity)) return undefined;
  const isGood = Number.isInteger(quantity) && Number(quantity) >= 1 && Number(quantity) <= MAX_QUANTITY;
  return isGood ? undefined : notValid('quantity');
}
