/** The users of the local Braze: applies accepted changes one by one, as Braze documents their effect. In memory. */
import type { Identity } from './identity.ts';
import type { JsonObject } from './json.ts';
import { type Profile, type SandboxUser, setAttributes, setSubscription, showProfile } from './profile.ts';
import { deleteUser, removeDeprecatedId, renameExternalId } from './profile-ids.ts';
import { createProfileIndex, type ProfileIndex } from './profile-index.ts';
import { addNewAlias, identify, identifyContact, merge, updateAlias } from './profile-links.ts';
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

export function createProfiles(_workspace: Workspace = createWorkspace()): Profiles {
  const index = createProfileIndex();
  let applied = 0;
  return {
    apply(change) {
      applied += 1;
      for (const profile of applyChange(index, change)) profile.updated = applied;
    },
    users: () => Array.from(index.all, showProfile),
    index,
    clear: index.clear,
  };
}

/** Returns the profiles that were touched. */
function applyChange(index: ProfileIndex, change: Change): readonly Profile[] {
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
      return merge(index, change.from, change.into);
    case 'subscription':
      return subscribe(index, change);
    default:
      return track(index, change);
  }
}

type TrackChange = Extract<Change, { object: JsonObject }>;

function track(index: ProfileIndex, change: TrackChange): readonly Profile[] {
  const profile = index.find(change.who) ?? (mayCreate(change) ? index.create(change.who) : undefined);
  if (profile === undefined) return [];
  if (change.kind === 'attributes') {
    index.refreshContacts(profile, () => setAttributes(profile, change.object));
  } else {
    profile[change.kind].push(change.object);
    keepAddress(index, profile, change.who);
  }
  return [profile];
}

/** Braze: an alias that nobody has makes a user only where `_update_existing_only` is false, the others unless it is true. */
function mayCreate({ who, updateOnly }: TrackChange): boolean {
  return who.by === 'alias' ? updateOnly === false : updateOnly !== true;
}

/** A user who was found or made by email or phone alone has that address. */
function keepAddress(index: ProfileIndex, profile: Profile, who: Identity): void {
  if (who.by !== 'email' && who.by !== 'phone') return;
  index.refreshContacts(profile, () => setAttributes(profile, { [who.by]: who.address }));
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
