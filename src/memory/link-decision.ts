/** How a link is to be sent by what is known of both its sides, and whether it had an effect. Pure; see links.ts for the terms. */
import type { AliasLink } from './link-operation.ts';
import type { Alias, Linked, User } from './link-records.ts';

/** What to do with a link. */
export type LinkDecision = 'send' | 'merge' | 'leave_out' | 'without_effect' | 'shared';

export interface KnownOfLink {
  readonly alias: Alias;
  readonly user: User;
  readonly linked: Linked | undefined;
}

/** Of a link that is not left out. */
export function decideLink(
  linkCall: 'identify' | 'auto',
  link: AliasLink,
  { alias, user, linked }: KnownOfLink,
): LinkDecision {
  if (!linked) return 'send';
  const held = heldAlias(linked);
  if ((held ?? linked.name) === link.name) return 'send';
  const isHeld = held !== undefined;
  const exists = user.exists || user.dataUnderWay > 0 || isHeld;
  const isShared = alias.users.some((each) => each !== link.userKey);
  if (linkCall === 'auto' && exists) return isShared ? 'shared' : 'merge';
  if (linkCall === 'identify' && isHeld) return 'without_effect';
  return 'send';
}

/** The alias that Braze has on the user for sure, or will have when what is under way is accepted. */
function heldAlias({ isHeld, name, expected }: Linked): string | undefined {
  return isHeld ? name : expected;
}

export interface SentLink {
  readonly link: AliasLink;
  readonly user: User;
  readonly linked: Linked | undefined;
}

/** Known only at the end: a merge into nobody did nothing, and neither did the link of a further alias. */
export function hadEffect(decision: LinkDecision, { link, user, linked }: SentLink): boolean {
  if (decision === 'merge') return user.exists;
  if (decision === 'without_effect') return false;
  return decision === 'shared' || !linked?.isHeld || linked.name === link.name;
}
