/** What attributes, events, purchases and imported push tokens do to users. Each returns the profiles that it touched. */
import type { Identity } from './identity.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { type Profile, setAttributes } from './profile.ts';
import type { ProfileIndex } from './profile-index.ts';
import type { Change } from './verdict.ts';
import type { Workspace } from './workspace.ts';

type TrackChange = Extract<Change, { who: Identity; object: JsonObject }>;

/** The user is created when nobody is found and the object allows it; what is blocklisted by name is dropped. */
export function track(index: ProfileIndex, change: TrackChange, workspace: Workspace): readonly Profile[] {
  if (isBlocked(change, workspace)) return [];
  const profile = index.find(change.who) ?? (mayCreate(change) ? index.create(change.who) : undefined);
  if (profile === undefined) return [];
  if (change.kind === 'attributes') {
    index.refreshContacts(profile, () => setAttributes(profile, change.object, workspace));
  } else {
    profile[change.kind].push(change.object);
    keepAddress(index, profile, change.who);
  }
  return [profile];
}

function isBlocked({ kind, object }: TrackChange, { blockedNames }: Workspace): boolean {
  if (kind === 'attributes') return false;
  const name = kind === 'events' ? object.name : object.product_id;
  return typeof name === 'string' && blockedNames.has(name);
}

/** Braze: an alias that nobody has makes a user only where `_update_existing_only` is false, the others unless it is true. */
function mayCreate({ who, updateOnly }: TrackChange): boolean {
  return who.by === 'alias' ? updateOnly === false : updateOnly !== true;
}

/** A user who was found or made by email or phone alone has that address. */
function keepAddress(index: ProfileIndex, profile: Profile, who: Identity): void {
  if (who.by !== 'email' && who.by !== 'phone') return;
  const address = who.by === 'email' ? who.address.toLowerCase() : who.address;
  index.refreshContacts(profile, () => profile.attributes.set(who.by, address));
}

/** Braze: a token that somebody has is ignored; each of the others makes an anonymous user. */
export function importTokens(
  index: ProfileIndex,
  { tokens, attributes }: Extract<Change, { kind: 'token_import' }>,
  workspace: Workspace,
): readonly Profile[] {
  const known = new Set(Array.from(index.all, tokensOf).flat());
  const made: Profile[] = [];
  for (const token of tokens) {
    const profile = known.has(token.token) ? undefined : index.create();
    if (profile === undefined) continue;
    known.add(token.token);
    setAttributes(profile, { ...attributes, push_tokens: [token] }, workspace);
    made.push(profile);
  }
  return made;
}

function tokensOf({ attributes }: Profile): (Json | undefined)[] {
  const tokens = attributes.get('push_tokens');
  return Array.isArray(tokens) ? tokens.filter(isObject).map(({ token }) => token) : [];
}
