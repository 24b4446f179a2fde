/** The users of the local Braze: applies accepted changes one by one, as Braze documents their effect. In memory. */
import { type Profile, type SandboxUser, setSubscription, showProfile } from './profile.ts';
import { deleteUser, removeDeprecatedId, renameExternalId } from './profile-ids.ts';
import { createProfileIndex, type ProfileIndex } from './profile-index.ts';
import { addNewAlias, identify, identifyContact, merge, updateAlias } from './profile-links.ts';
import { importTokens, track } from './profile-track.ts';
import type { Change } from './verdict.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

export interface Profiles {
  /** Never fails: what Braze would ignore changes nothing. */
  apply(change: Change): void;
  /** A snapshot, in the order in which the users came to be. */
  users(): SandboxUser[];
  /** For endpoints that read: who is known now. */
  readonly index: ProfileIndex;
  clear(): void;
}

export function createProfiles(workspace: Workspace = createWorkspace()): Profiles {
  const index = createProfileIndex();
  let applied = 0;
  return {
    apply(change) {
      applied += 1;
      for (const profile of applyChange(index, change, workspace)) profile.updated = applied;
    },
    users: () => Array.from(index.all, showProfile),
    index,
    clear: index.clear,
  };
}

/** Returns the profiles that were touched. */
function applyChange(index: ProfileIndex, change: Change, workspace: Workspace): readonly Profile[] {
  switch (change.kind) {
    case 'identify':
      return identify(index, change.externalId, change.alias);
    case 'alias':
      return addNewAlias(index, change.externalId, change.alias);
    case 'identify_contact':
      return identifyContact(index, change);
    case 'alias_update':
      return updateAlias(index, change);
    case 'delete':
      return deleteUser(index, change);
    case 'rename':
      return renameExternalId(index, change.from, change.to);
    case 'remove_id':
      return removeDeprecatedId(index, change.id);
    case 'merge':
      return merge(index, change);
    case 'subscription':
      return subscribe(index, change);
    case 'catalog_items':
      // No user's: catalogs are kept elsewhere.
      return [];
    case 'token_import':
      return importTokens(index, change, workspace);
    default:
      return track(index, change, workspace);
  }
}

function subscribe(
  index: ProfileIndex,
  change: Extract<Change, { kind: 'subscription' }>,
): readonly Profile[] {
  const { who } = change;
  const isAddress = who.by === 'email' || who.by === 'phone';
  const found = isAddress ? index.sharing(who.by, who.address) : [index.find(who)];
  const people = found.filter((profile) => profile !== undefined);
  for (const profile of people) setSubscription(profile, change.groupId, change.state);
  return people;
}
