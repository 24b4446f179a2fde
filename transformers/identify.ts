/** identify → the link between the anonymous past and the user, then the user's attributes. */
import type { BrazierEvent } from '../src/model/event.ts';
import type { Operation } from '../src/model/operation.ts';
import { filtered, type Warning } from '../src/model/outcome.ts';
import { aliasKey, aliasOf } from '../src/model/person.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import type { TransformResult } from '../src/model/transform.ts';
import { type AttributesOf, createAttributes } from './attributes.ts';
import { type Identity, identityOf } from './identity.ts';
import { createOperation } from './operation.ts';

/** An identify with neither traits nor a link to make is filtered. */
export function createIdentify(settings: DestinationSettings): (event: BrazierEvent) => TransformResult {
  const attributesOf = createAttributes(settings);
  return (event) => identify(event, attributesOf);
}

function identify(event: BrazierEvent, attributesOf: AttributesOf): TransformResult {
  const identity = identityOf(event);
  if ('status' in identity) return identity;
  const warnings: Warning[] = [];
  const attributes = attributesOf(event, identity, warnings);
  if (attributes && 'status' in attributes) return attributes;
  const operations = [linkOf(event, identity), attributes].filter((operation) => operation !== undefined);
  if (operations.length > 0) return { status: 'operations', operations, warnings };
  return filtered('nothing_to_send', 'No attributes found to update the user profile, and no ids to link');
}

/** The link goes first: what the attributes set belongs to the user, not to the profile that is merged away. */
function linkOf(event: BrazierEvent, { key, external_id }: Identity): Operation | undefined {
  const user_alias = aliasOf(event);
  if (external_id === undefined || !user_alias) return undefined;
  const keys = [key, aliasKey(user_alias)];
  return createOperation('identify', 0, keys, { external_id, user_alias });
}
