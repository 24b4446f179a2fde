/** The users of the local Braze: applies accepted changes one by one, as Braze documents their effect. In memory. */
import type { Identity, UserAlias } from './identity.ts';
import type { JsonObject } from './json.ts';
import {
  absorb,
  type Profile,
  type SandboxUser,
  setAttributes,
  setSubscription,
  showProfile,
} from './profile.ts';
import { createProfileIndex, type ProfileIndex } from './profile-index.ts';
import type { Change } from './verdict.ts';

export interface Profiles {
  /** Never fails: what Braze would ignore changes nothing. */
  apply(change: Change): void;
  /** A snapshot, in the order in which the users came to be. */
  users(): SandboxUser[];
  clear(): void;
}

export function createProfiles(): Profiles {
  const index = createProfileIndex();
  let applied = 0;
  return {
    apply(change) {
      applied += 1;
      for (const profile of applyChange(index, change)) profile.updated = applied;
    },
    users: () => Array.from(index.all, showProfile),
    clear: index.clear,
  };
}

/** Returns the profiles that were touched. */
function applyChange(index: ProfileIndex, change: Change): readonly Profile[] {
  switch (change.kind) {
    case 'identify':
      return identify(index, change.externalId, change.alias);
    case 'alias':
      return newAlias(index, change.externalId, change.alias);
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

function identify(index: ProfileIndex, externalId: string, alias: UserAlias): readonly Profile[] {
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

function newAlias(index: ProfileIndex, externalId: string | undefined, alias: UserAlias): readonly Profile[] {
  if (index.find({ by: 'alias', alias }) !== undefined) return [];
  const profile =
    externalId === undefined
      ? index.create({ by: 'alias', alias })
      : index.find({ by: 'external_id', id: externalId });
  if (profile === undefined) return [];
  index.addAlias(profile, alias);
  return [profile];
}

function merge(index: ProfileIndex, from: Identity, into: Identity): readonly Profile[] {
  const gone = findOne(index, from);
  const kept = findOne(index, into);
  if (gone === undefined || kept === undefined || gone === kept) return [];
  return combine(index, kept, gone);
}

/** Braze: an address that several users share names nobody in a merge. */
function findOne(index: ProfileIndex, who: Identity): Profile | undefined {
  const isAddress = who.by === 'email' || who.by === 'phone';
  return isAddress && index.sharing(who.by, who.address).length > 1 ? undefined : index.find(who);
}

/** `gone` is deleted; its aliases go over unless `kept` has one of that label. */
function combine(index: ProfileIndex, kept: Profile, gone: Profile): readonly Profile[] {
  index.remove(gone);
  for (const [label, name] of gone.aliases) index.addAlias(kept, { label, name });
  index.refreshContacts(kept, () => absorb(kept, gone));
  return [kept];
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
