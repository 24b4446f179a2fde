/** Reads from an operation which identities it links, and makes the merge that stands in for a link. */
import { isObject, type Json } from '../model/json.ts';
import type { Operation } from '../model/operation.ts';
import { aliasKey, externalIdKey } from '../model/person.ts';

/** The link of a user with an alias. */
export interface AliasLink {
  readonly userKey: string;
  readonly aliasKey: string;
  readonly externalId: string;
  readonly label: string;
  readonly name: string;
}

/**
 * Of an `identify` or `alias` operation. Undefined when it is of another shape, and for labels with a colon: the keys of
 * two such aliases may look alike.
 */
export function aliasLinkOf({ text }: Operation): AliasLink | undefined {
  const object: Json = JSON.parse(text);
  if (!isObject(object) || typeof object.external_id !== 'string') return undefined;
  const alias = isObject(object.user_alias) ? object.user_alias : object;
  const { alias_name, alias_label } = alias;
  if (typeof alias_name !== 'string' || typeof alias_label !== 'string' || alias_label.includes(':'))
    return undefined;
  return {
    userKey: externalIdKey(object.external_id),
    aliasKey: aliasKey({ alias_name, alias_label }),
    externalId: object.external_id,
    label: alias_label,
    name: alias_name,
  };
}

/** The keys of a merge of two external ids; undefined for any other merge. */
export function userMergeOf({ text }: Operation): { goneKey: string; keptKey: string } | undefined {
  const object: Json = JSON.parse(text);
  if (!isObject(object)) return undefined;
  const { identifier_to_merge: gone, identifier_to_keep: kept } = object;
  if (!isObject(gone) || !isObject(kept)) return undefined;
  if (typeof gone.external_id !== 'string' || typeof kept.external_id !== 'string') return undefined;
  return { goneKey: externalIdKey(gone.external_id), keptKey: externalIdKey(kept.external_id) };
}

/** Under the part of the link it stands for, so that a dead letter and its replay mean the same. */
export function mergeFor(link: Operation, { externalId, label, name }: AliasLink): Operation {
  const text = JSON.stringify({
    identifier_to_merge: { user_alias: { alias_name: name, alias_label: label } },
    identifier_to_keep: { external_id: externalId },
  });
  return { ...link, kind: 'merge', text, bytes: Buffer.byteLength(text) };
}
