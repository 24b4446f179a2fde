/** alias → the previous id becomes an alias of the user and its profile is combined, or two external ids are merged. */
import type { BrazierEvent } from '../src/model/event.ts';
import { filtered, rejected } from '../src/model/outcome.ts';
import { ANONYMOUS_LABEL, aliasKey, externalIdKey, externalIdOf } from '../src/model/person.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { TransformResult } from '../src/model/transform.ts';
import { externalIdTooLong } from './limits.ts';
import { createOperation } from './operation.ts';

export function transformAlias(event: BrazierEvent, settings: DestinationSettings): TransformResult {
  const userId = externalIdOf(event);
  if (userId === undefined) return missing('missing_user_id', 'userId');
  const { previousId } = event;
  if (previousId === undefined) return missing('missing_previous_id', 'previousId');
  const tooLong = externalIdTooLong(userId);
  if (tooLong) return tooLong;
  if (userId === previousId) return SAME;
  return settings.aliasCall === 'merge' ? merge(userId, previousId) : link(userId, previousId);
}

/** Such an alias would only take the user's one place for an alias of the label, which a real past may need. */
const SAME = filtered('nothing_to_send', 'userId and previousId are the same');

function missing(code: string, path: string): TransformResult {
  const message = `[BRAZE]: ${path} is required for alias call: expected an id, got none`;
  return rejected('invalid', code, message, [{ path, message }]);
}

/**
 * Two operations: Braze gives a new alias to the user, but does nothing, with a success, when the pair belongs
 * to somebody already; that is the anonymous profile with data, and the second operation combines it.
 */
function link(external_id: string, alias_name: string): TransformResult {
  const user_alias = { alias_name, alias_label: ANONYMOUS_LABEL };
  const keys = [externalIdKey(external_id), aliasKey(user_alias)];
  const operations = [
    createOperation('alias', 0, keys, { external_id, ...user_alias }),
    createOperation('identify', 0, keys, { external_id, user_alias }),
  ];
  return { status: 'operations', operations, warnings: [] };
}

function merge(userId: string, previousId: string): TransformResult {
  const tooLong = externalIdTooLong(previousId, 'previousId');
  if (tooLong) return tooLong;
  const keys = [externalIdKey(previousId), externalIdKey(userId)];
  const object = {
    identifier_to_merge: { external_id: previousId },
    identifier_to_keep: { external_id: userId },
  };
  return { status: 'operations', operations: [createOperation('merge', 0, keys, object)], warnings: [] };
}
