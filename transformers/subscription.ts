/** group → the state of a subscription group, for the user and for the e-mail address or phone number in the call. */
import type { BrazierEvent } from '../src/model/event.ts';
import { isObject, type Json } from '../src/model/json.ts';
import { kindOf } from '../src/model/kind-of.ts';
import { type Rejected, rejected } from '../src/model/outcome.ts';
import type { TransformResult } from '../src/model/transform.ts';
import type { Identity } from './identity.ts';
import { createOperation } from './operation.ts';

/** RudderStack's texts. */
const NO_CONTACT = 'Message should have traits with subscriptionState, email or phone';
const NO_STATE =
  'you must provide a subscription state in traits and possible values are subscribed and unsubscribed.';

const STATES: ReadonlySet<Json | undefined> = new Set(['subscribed', 'unsubscribed']);
/** Whatever else an address is: Braze refuses one without these parts. */
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** A phone number wins over an e-mail address: Braze takes one of the two. Both go as they were sent, but trimmed. */
export function transformSubscription(
  event: BrazierEvent,
  groupId: string,
  { key, external_id }: Identity,
): TransformResult {
  const contact = contactOf(event);
  if ('status' in contact) return contact;
  const [state, path] = find(event, 'subscriptionState') ?? [undefined, 'traits.subscriptionState'];
  if (!STATES.has(state)) return invalid(path, `${NO_STATE} Got ${cameFor(state)}`);
  const object = {
    subscription_group_id: groupId,
    subscription_state: state,
    external_ids: external_id === undefined ? undefined : [external_id],
    ...contact,
  };
  const operations = [createOperation('subscription', 0, [key], object)];
  return { status: 'operations', operations, warnings: [] };
}

function contactOf(event: BrazierEvent): { phones: string[] } | { emails: string[] } | Rejected {
  const phone = find(event, 'phone');
  if (phone) {
    const text = textOf(phone[0]);
    return text === undefined ? unfit(phone, 'a phone number') : { phones: [text] };
  }
  const email = find(event, 'email');
  if (!email) return invalid('traits', `${NO_CONTACT}: got neither`);
  const text = typeof email[0] === 'string' ? email[0].trim() : '';
  return EMAIL.test(text) ? { emails: [text] } : unfit(email, 'an e-mail address');
}

/** The first value that is there and not blank, and its path. */
function find({ traits, context, properties }: BrazierEvent, name: string): [Json, string] | undefined {
  const places: [string, Json | undefined][] = [
    ['traits', traits],
    ['context.traits', context.traits],
    ['properties', properties],
  ];
  for (const [root, source] of places) {
    const value = isObject(source) && Object.hasOwn(source, name) ? source[name] : undefined;
    if (typeof value === 'string' ? value.trim() !== '' : Boolean(value))
      return [value ?? null, `${root}.${name}`];
  }
  return undefined;
}

function textOf(value: Json): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'string' ? value.trim() : undefined;
}

/** Of a text that is no state one cannot say its kind alone. */
function cameFor(state: Json | undefined): string {
  return typeof state === 'string' ? 'other text' : kindOf(state);
}

function unfit([value, path]: [Json, string], expected: string): Rejected {
  return invalid(path, `expected ${expected}, got ${kindOf(value)}`);
}

function invalid(path: string, message: string): Rejected {
  return rejected('invalid', 'invalid_subscription', message, [{ path, message }]);
}
