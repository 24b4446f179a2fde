/** Decides under which identifier an event's objects go to Braze: one, never none and never two. */
import type { BrazierEvent } from '../src/model/event.ts';
import { type Rejected, rejected } from '../src/model/outcome.ts';
import { aliasKey, aliasOf, externalIdKey, externalIdOf, type UserAlias } from '../src/model/person.ts';
import { externalIdTooLong } from './limits.ts';

export interface Identity {
  readonly key: string;
  readonly external_id: string | undefined;
  readonly user_alias: UserAlias | undefined;
  /** Braze makes a profile for an alias it does not know only when this is explicitly false. */
  readonly _update_existing_only: false | undefined;
}

/**
 * The external id, else the custom alias, else the anonymous id. Some SDKs add a random anonymous id to events
 * of known users, so it never counts beside an external id. Rejects an external id that Braze would refuse.
 */
export function identityOf(event: BrazierEvent): Identity | Rejected {
  const external_id = externalIdOf(event);
  if (external_id !== undefined) {
    const tooLong = externalIdTooLong(external_id);
    if (tooLong) return tooLong;
    const key = externalIdKey(external_id);
    return { key, external_id, user_alias: undefined, _update_existing_only: undefined };
  }
  const user_alias = aliasOf(event);
  if (user_alias) {
    return { key: aliasKey(user_alias), external_id, user_alias, _update_existing_only: false };
  }
  const message = 'the event names nobody: expected a userId or an anonymousId, got neither';
  return rejected('invalid', 'missing_identity', message, [{ path: 'userId', message }]);
}
