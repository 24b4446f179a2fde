/** group → one attribute that marks the person as a member of the group. */
import type { BrazierEvent } from '../src/model/event.ts';
import { rejected } from '../src/model/outcome.ts';
import { toId } from '../src/model/person.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { TransformResult } from '../src/model/transform.ts';
import { identityOf } from './identity.ts';
import { createOperation } from './operation.ts';

const INVALID_GROUP = rejected('invalid', 'invalid_group_id', 'Invalid groupId', [
  { path: 'groupId', message: 'Invalid groupId' },
]);

/** The group's traits are not sent: they describe the group. */
export function createGroup(_settings: DestinationSettings): (event: BrazierEvent) => TransformResult {
  return group;
}

function group(event: BrazierEvent): TransformResult {
  const groupId = toId(event.groupId || event.traits.groupId || null);
  if (groupId === undefined) return INVALID_GROUP;
  const identity = identityOf(event);
  if ('status' in identity) return identity;
  const { key, external_id, user_alias, _update_existing_only } = identity;
  const object = { external_id, user_alias, _update_existing_only, [`ab_rudder_group_${groupId}`]: true };
  return {
    status: 'operations',
    operations: [createOperation('attributes', 0, [key], object)],
    warnings: [],
  };
}
