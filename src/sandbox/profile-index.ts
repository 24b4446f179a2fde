/** Finds profiles by every identity Braze looks users up with, and keeps those identities unique. No rules of endpoints. */
import type { Identity, UserAlias } from './identity.ts';
import { newProfile, type Profile } from './profile.ts';

export type ProfileIndex = ReturnType<typeof createProfileIndex>;

/** Email and phone are attributes and look-up keys both: they are kept in step by `refresh`. */
const CONTACTS = ['email', 'phone'] as const;

export function createProfileIndex() {
  const all = new Set<Profile>();
  const externalIds = createExternalIds();
  const byAlias = new Map<string, Profile>();
  const contacts = createContacts();

  function find(who: Identity): Profile | undefined {
    switch (who.by) {
      case 'external_id':
        return externalIds.find(who.id);
      case 'alias':
        return byAlias.get(aliasKey(who.alias));
      case 'braze_id':
        // Profiles here have no braze_id, so none is ever known; Braze creates nobody from one.
        return undefined;
      default:
        return preferred(contacts.sharing(who.by, who.address));
    }
  }

  /** Without an identity: an anonymous user whom nothing finds. */
  function create(who?: Identity): Profile | undefined {
    if (who?.by === 'braze_id') return undefined;
    const profile = newProfile();
    all.add(profile);
    if (who?.by === 'external_id') externalIds.set(profile, who.id);
    else if (who?.by === 'alias') addAlias(profile, who.alias);
    return profile;
  }

  function removeAlias(profile: Profile, label: string): void {
    const name = profile.aliases.get(label);
    if (name !== undefined) byAlias.delete(aliasKey({ label, name }));
    profile.aliases.delete(label);
  }

  /** Does nothing when another user has the alias, or the user has one of that label. */
  function addAlias(profile: Profile, alias: UserAlias): void {
    const key = aliasKey(alias);
    if (byAlias.has(key) || profile.aliases.has(alias.label)) return;
    byAlias.set(key, profile);
    profile.aliases.set(alias.label, alias.name);
  }

  /** Deletes the profile; its identities are free again. */
  function remove(profile: Profile): void {
    all.delete(profile);
    externalIds.forget(profile);
    for (const [label, name] of profile.aliases) byAlias.delete(aliasKey({ label, name }));
    contacts.forget(profile);
  }

  function clear(): void {
    for (const each of [all, externalIds, byAlias, contacts]) each.clear();
  }

  return {
    all,
    find,
    sharing: contacts.sharing,
    create,
    setExternalId: externalIds.set,
    deprecate: externalIds.deprecate,
    removeDeprecated: externalIds.removeDeprecated,
    addAlias,
    removeAlias,
    refreshContacts: contacts.refresh,
    remove,
    clear,
  };
}

/** Who has which external id, and who had it before it was renamed. */
function createExternalIds() {
  const current = new Map<string, Profile>();
  const deprecated = new Map<string, Profile>();

  /** A renamed id still finds its user. */
  function find(id: string): Profile | undefined {
    return current.get(id) ?? deprecated.get(id);
  }

  function set(profile: Profile, id: string): void {
    profile.externalId = id;
    current.set(id, profile);
  }

  /** The user's external id becomes a deprecated one; give the user another right away. */
  function deprecate(profile: Profile): void {
    const id = profile.externalId;
    if (id === undefined) return;
    current.delete(id);
    deprecated.set(id, profile);
  }

  function removeDeprecated(id: string): void {
    deprecated.delete(id);
  }

  function forget(profile: Profile): void {
    if (profile.externalId !== undefined) current.delete(profile.externalId);
    for (const [id, owner] of deprecated) if (owner === profile) deprecated.delete(id);
  }

  function clear(): void {
    current.clear();
    deprecated.clear();
  }

  return { find, set, deprecate, removeDeprecated, forget, clear };
}

/** Who has which email or phone; several users may share one. */
function createContacts() {
  const byContact = new Map<string, Set<Profile>>();

  /** All profiles that an address belongs to. */
  function sharing(by: 'email' | 'phone', address: string): Profile[] {
    return [...(byContact.get(contactKey(by, address)) ?? [])];
  }

  /** Runs a change of a profile's attributes and keeps the look-up by email and phone true. */
  function refresh(profile: Profile, change: () => void): void {
    const before = CONTACTS.map((by) => profile.attributes.get(by));
    change();
    for (const [index, by] of CONTACTS.entries()) {
      const after = profile.attributes.get(by);
      if (after === before[index]) continue;
      remove(by, before[index], profile);
      add(by, after, profile);
    }
  }

  function add(by: string, address: unknown, profile: Profile): void {
    if (typeof address !== 'string') return;
    const key = contactKey(by, address);
    const sharers = byContact.get(key);
    if (sharers === undefined) byContact.set(key, new Set([profile]));
    else sharers.add(profile);
  }

  function remove(by: string, address: unknown, profile: Profile): void {
    if (typeof address !== 'string') return;
    const key = contactKey(by, address);
    const sharers = byContact.get(key);
    sharers?.delete(profile);
    if (sharers?.size === 0) byContact.delete(key);
  }

  function forget(profile: Profile): void {
    for (const by of CONTACTS) remove(by, profile.attributes.get(by), profile);
  }

  return { sharing, refresh, forget, clear: () => byContact.clear() };
}

/** Braze: of several users with one address, the newest-updated with an external id, else the newest-updated. */
function preferred(sharers: readonly Profile[]): Profile | undefined {
  const identified = sharers.filter((profile) => profile.externalId !== undefined);
  const candidates = identified.length > 0 ? identified : sharers;
  return candidates.toSorted((a, b) => b.updated - a.updated)[0];
}

function aliasKey({ label, name }: UserAlias): string {
  // The length makes the border between label and name unambiguous.
  return `${label.length}:${label}:${name}`;
}

function contactKey(by: string, address: string): string {
  return `${by}:${address.toLowerCase()}`;
}
