/** group → one attribute that marks the person as a member, or the state of a subscription group. */
import type { BrazierEvent } from '../src/model/event.ts';
import { kindOf } from '../src/model/kind-of.ts';
import { type Rejected, rejected } from '../src/model/outcome.ts';
import { toId } from '../src/model/person.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { TransformResult } from '../src/model/transform.ts';
import { type Identity, identityOf } from './identity.ts';
import { MAX_CHARACTERS, nameTooLong } from './limits.ts';
import { createOperation } from './operation.ts';
import { transformSubscription } from './subscription.ts';

/** The group's traits are not sent as attributes: they describe the group. */
export function createGroup(settings: DestinationSettings): (event: BrazierEvent) => TransformResult {
  const transform = settings.enableSubscriptionGroupInGroupCall === true ? transformSubscription : membership;
  return (event) => {
    const groupId = toId(event.groupId || event.traits.groupId || null);
    if (groupId === undefined) return invalidGroup(event);
    const identity = identityOf(event);
    if ('status' in identity) return identity;
    return transform(event, groupId, identity);
  };
}

/** RudderStack's text, and what came. */
function invalidGroup({ groupId }: BrazierEvent): Rejected {
  const message = `Invalid groupId: expected an id, got ${groupId === 0 ? 'the number 0' : kindOf(groupId)}`;
  return rejected('invalid', 'invalid_group_id', message, [{ path: 'groupId', message }]);
}

function membership(_event: BrazierEvent, groupId: string, identity: Identity): TransformResult {
  const { key, external_id, user_alias, _update_existing_only } = identity;
  const name = `ab_rudder_group_${groupId}`;
  const object = { external_id, user_alias, _update_existing_only, [name]: true };
  return {
    status: 'operations',
    operations: [createOperation('attributes', 0, [key], object)],
    warnings: name.length > MAX_CHARACTERS ? [nameTooLong(name, 'groupId')] : [],
  };
}
