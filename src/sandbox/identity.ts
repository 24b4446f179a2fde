/** Whom an object is about: reads its identifiers by Braze's rules, or says in Braze's words what is wrong with them. */
import { NAMED, notValid, required } from './error-texts.ts';
import { idText, isObject, type Json, type JsonObject } from './json.ts';

export interface UserAlias {
  readonly label: string;
  readonly name: string;
}

export interface ExternalId {
  readonly by: 'external_id';
  readonly id: string;
}

export type Identity =
  | ExternalId
  | { readonly by: 'alias'; readonly alias: UserAlias }
  | { readonly by: 'braze_id' }
  | { readonly by: 'email' | 'phone'; readonly address: string };

/** Braze: external_id, at most 987 bytes. */
const MAX_EXTERNAL_ID_BYTES = 987;
/** RFC 5321: 64 bytes of mailbox, `@` and 255 of domain; a cap also keeps the pattern below cheap. */
const MAX_EMAIL_LENGTH = 320;
const EMAIL = /^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/;

const ID_REQUIRED = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required";
const ONE_ID_ONLY = "only one of 'external_id', 'braze_id' and 'user_alias' is allowed";

/** The identity that an object names, or the text of the item error that Braze gives instead. */
export function readIdentity(object: JsonObject): Identity | string {
  const primaries = present(object.external_id) + present(object.user_alias) + present(object.braze_id);
  if (primaries > 1) return ONE_ID_ONLY;
  if (primaries === 0) return readSecondary(object);
  if (present(object.external_id)) return readExternalId(object.external_id);
  if (present(object.user_alias)) return readAliasIdentity(object.user_alias);
  return { by: 'braze_id' };
}

function present(value: Json | undefined): number {
  return value === undefined || value === null || value === '' ? 0 : 1;
}

/** The external id of an object that stands alone (links, subscriptions), or an item error. */
export function readExternalId(value: Json | undefined): ExternalId | string {
  if (!present(value)) return required('external_id');
  const id = idText(value);
  if (id === undefined) return notValid('external_id');
  if (isLongerThan(id, MAX_EXTERNAL_ID_BYTES)) return NAMED.EXTERNAL_USER_ID_TOO_LARGE;
  return { by: 'external_id', id };
}

/** The alias of `{alias_name, alias_label}`: both must be strings with something in them. */
export function readAlias(value: Json | undefined): UserAlias | undefined {
  if (!isObject(value)) return undefined;
  const { alias_label: label, alias_name: name } = value;
  if (typeof label !== 'string' || typeof name !== 'string') return undefined;
  return label === '' || name === '' ? undefined : { label, name };
}

function readAliasIdentity(value: Json | undefined): Identity | string {
  const alias = readAlias(value);
  return alias === undefined ? notValid('user_alias') : { by: 'alias', alias };
}

/** Email and phone look up a user only where no primary identifier stands; the email beats the phone. */
function readSecondary(object: JsonObject): Identity | string {
  const { email, phone } = object;
  if (typeof email === 'string' && email !== '') {
    return isEmail(email) ? { by: 'email', address: email } : NAMED.EMAIL_BAD_FORMAT;
  }
  if (typeof phone === 'string' && phone !== '') return { by: 'phone', address: phone };
  return ID_REQUIRED;
}

export function isEmail(text: string): boolean {
  return text.length <= MAX_EMAIL_LENGTH && EMAIL.test(text);
}

function isLongerThan(text: string, bytes: number): boolean {
  // A UTF-16 unit is at most three bytes of UTF-8, so short texts need no count.
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes;
}
