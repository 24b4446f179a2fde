/** Users and external ids that go away: delete, rename and remove as Braze documents them. Each returns the profiles it touched. */
import type { Profile } from './profile.ts';
import type { ProfileIndex } from './profile-index.ts';
import { findOne } from './profile-links.ts';
import type { Change } from './verdict.ts';

/** Braze: a deprecated id still finds the whole user; of several who share an address, the prioritization must leave one. */
export function deleteUser(
  index: ProfileIndex,
  { who, prioritization }: Extract<Change, { kind: 'delete' }>,
): readonly Profile[] {
  const profile = findOne(index, who, prioritization);
  if (profile !== undefined) index.remove(profile);
  return [];
}

/** The user keeps the old id as a deprecated one that still finds them. */
export function renameExternalId(index: ProfileIndex, from: string, to: string): readonly Profile[] {
  if (renameProblem(index, from, to) !== undefined) return [];
  const profile = index.find({ by: 'external_id', id: from });
  if (profile === undefined) return [];
  index.deprecate(profile);
  index.setExternalId(profile, to);
  return [profile];
}

/** Why the rename cannot be: Braze wants a current id that somebody has and a new one that nobody has or had. */
export function renameProblem(
  index: Pick<ProfileIndex, 'find'>,
  from: string,
  to: string,
): string | undefined {
  if (index.find({ by: 'external_id', id: from })?.externalId !== from) {
    return `The current_external_id '${from}' does not exist`;
  }
  const isTaken = index.find({ by: 'external_id', id: to }) !== undefined;
  return isTaken ? `The new_external_id '${to}' is already in use` : undefined;
}

/** From then on the deprecated id finds nobody; a current id stays. */
export function removeDeprecatedId(index: ProfileIndex, id: string): readonly Profile[] {
  index.removeDeprecated(id);
  return [];
}
