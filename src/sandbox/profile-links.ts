/** How users are linked: identify, aliases and merge as Braze documents their effect. Each returns the profiles it touched. */
import type { Identity, UserAlias } from './identity.ts';
import { choose, type Prioritization } from './prioritization.ts';
import { absorb, type Profile } from './profile.ts';
import type { ProfileIndex } from './profile-index.ts';
import type { Change } from './verdict.ts';

/** The alias's user gains the external id, or becomes one with the user who has it. */
export function identify(index: ProfileIndex, externalId: string, alias: UserAlias): readonly Profile[] {
  const anonymous = index.find({ by: 'alias', alias });
  const known = index.find({ by: 'external_id', id: externalId });
  // The alias of somebody who has an external id is no anonymous user's: nothing to identify.
  if (anonymous === undefined || anonymous.externalId !== undefined) return [];
  if (known === undefined) {
    index.setExternalId(anonymous, externalId);
    return [anonymous];
  }
  if (known.aliases.has(alias.label)) return [];
  return combine(index, known, anonymous);
}

/** Braze: for an unknown external id nothing happens; without one, a user with the alias alone is made. */
export function addNewAlias(
  index: ProfileIndex,
  externalId: string | undefined,
  alias: UserAlias,
): readonly Profile[] {
  if (index.find({ by: 'alias', alias }) !== undefined) return [];
  const profile =
    externalId === undefined
      ? index.create({ by: 'alias', alias })
      : index.find({ by: 'external_id', id: externalId });
  if (profile === undefined) return [];
  index.addAlias(profile, alias);
  return [profile];
}

/** Two users become one, unless one of them is unknown or ambiguous. */
export function merge(
  index: ProfileIndex,
  { from, into, prioritizations }: Extract<Change, { kind: 'merge' }>,
): readonly Profile[] {
  const gone = findOne(index, from, prioritizations?.from);
  const kept = findOne(index, into, prioritizations?.into);
  if (gone === undefined || kept === undefined || gone === kept) return [];
  return combine(index, kept, gone);
}

/** Braze: an address that several users share names nobody, unless the prioritization leaves one. */
export function findOne(
  index: ProfileIndex,
  who: Identity,
  prioritization: Prioritization = [],
): Profile | undefined {
  if (who.by !== 'email' && who.by !== 'phone') return index.find(who);
  return choose(index.sharing(who.by, who.address), prioritization);
}

/** `gone` is deleted; its aliases go over unless `kept` has one of that label. */
function combine(index: ProfileIndex, kept: Profile, gone: Profile): readonly Profile[] {
  index.remove(gone);
  for (const [label, name] of gone.aliases) index.addAlias(kept, { label, name });
  index.refreshContacts(kept, () => absorb(kept, gone));
  return [kept];
}

/** As `identify`, for the one user whom the prioritization leaves of those who share the email or phone. */
export function identifyContact(
  index: ProfileIndex,
  change: Extract<Change, { kind: 'identify_contact' }>,
): readonly Profile[] {
  const found = findOne(index, change.who, change.prioritization);
  const known = index.find({ by: 'external_id', id: change.externalId });
  if (found === undefined || found === known) return [];
  if (known !== undefined) return combine(index, known, found);
  if (found.externalId !== undefined) return [];
  index.setExternalId(found, change.externalId);
  return [found];
}

/** Braze: an alias that nobody has changes nothing; nor does a new name that somebody has. */
export function updateAlias(
  index: ProfileIndex,
  { alias, newName }: Extract<Change, { kind: 'alias_update' }>,
): readonly Profile[] {
  const profile = index.find({ by: 'alias', alias });
  const isTaken = index.find({ by: 'alias', alias: { label: alias.label, name: newName } }) !== undefined;
  if (profile === undefined || isTaken) return [];
  index.removeAlias(profile, alias.label);
  index.addAlias(profile, { label: alias.label, name: newName });
  return [profile];
}
