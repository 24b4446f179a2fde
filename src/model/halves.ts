/**
 * Where a link must stand so that it overtakes nothing of the identity that goes: behind that identity's own events. A log
 * with one order has it there by itself; partitions keep no order among one another, so there the link is appended apart.
 */
import type { Json, JsonObject } from './json.ts';
import { ANONYMOUS_LABEL, aliasKey, aliasOf, externalIdKey, externalIdOf, isType, toId } from './person.ts';
import type { RecordHeaders } from './record.ts';

export type Half = NonNullable<RecordHeaders['half']>;

export interface LinkHalves {
  /** The key of each identity that goes, and what of the event is to stand behind its events. */
  readonly links: readonly { readonly key: string; readonly half: Exclude<Half, 'rest'> }[];
  /** The event has more than the link: that stands with the person's own events. */
  readonly rest: boolean;
}

/**
 * The halves of an event that links two identities; undefined for every other.
 * @param type the one a single-call route gives, in place of the event's own
 */
export function halvesOf(raw: JsonObject, type: Json | undefined = raw.type): LinkHalves | undefined {
  if (isType(type, 'identify')) return ofIdentify(raw, type);
  return isType(type, 'alias') ? ofAlias(raw, type) : undefined;
}

function ofIdentify(raw: JsonObject, type: Json | undefined): LinkHalves | undefined {
  const alias = aliasOf(raw);
  if (!alias || externalIdOf(raw, type) === undefined) return undefined;
  return { links: [{ key: aliasKey(alias), half: 'link' }], rest: true };
}

/** Which of the two it is depends on the destination (`aliasCall`): each half takes what is its own. */
function ofAlias(raw: JsonObject, type: Json | undefined): LinkHalves | undefined {
  const previousId = toId(raw.previousId);
  if (previousId === undefined || externalIdOf(raw, type) === undefined) return undefined;
  const alias = { alias_name: previousId, alias_label: ANONYMOUS_LABEL };
  return {
    links: [
      { key: aliasKey(alias), half: 'link' },
      { key: externalIdKey(previousId), half: 'merge' },
    ],
    rest: false,
  };
}
