/** What an endpoint's rules are given: the request, the settings of the sandbox, and what it holds. */
import type { Catalogs } from './catalogs.ts';
import type { Identity } from './identity.ts';
import type { JsonObject } from './json.ts';
import type { ObjectContext } from './object-rules.ts';
import type { Profile } from './profile.ts';
import type { ProfileIndex } from './profile-index.ts';
import type { Packing } from './track-rules.ts';
import type { Change } from './verdict.ts';

export interface Call {
  /** Empty where the endpoint takes none. */
  readonly body: JsonObject;
  readonly context: ObjectContext;
  /** Of the path, e.g. the name of a catalog; decoded. */
  readonly parameters: readonly string[];
  /** The text behind the question mark; empty without one. */
  readonly query: string;
  readonly packing: Packing;
  readonly store: Store;
}

/** What has been applied so far; what still waits for its delay does not show. */
export interface Store {
  readonly users: Pick<ProfileIndex, 'find' | 'sharing'>;
  readonly catalogs: Catalogs;
  /** At once, ahead of what waits. */
  apply(change: Change): void;
}

/** Everybody whom the identity means: an email or phone may be shared. */
export function profilesOf(who: Identity, { users }: Store): Profile[] {
  if (who.by === 'email' || who.by === 'phone') return users.sharing(who.by, who.address);
  const profile = users.find(who);
  return profile === undefined ? [] : [profile];
}

/** Whether an email or phone must say which of several users it means. */
export function isPrioritizationRequired({ context }: Call): boolean {
  return context.workspace.assume.missingPrioritization === 'refused';
}
