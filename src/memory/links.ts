/**
 * Remembers which links Braze accepted, and says of each new one how it is to be sent.
 *
 * What is known of an alias:
 * - its users: those who were linked with it. One with several users is shared (a tablet at home): its links are always
 *   sent as they are and never turned into a merge, which would merge one user into another
 * - settled: its link was accepted and Braze has heard nothing under it since. Only then is the link of the same pair
 *   left out (of an alias call, only where the user holds an alias: else it would still give one). Data under the alias
 *   ends this when it is planned: it may have made a new anonymous profile
 *
 * What is known of a user, for each label:
 * - linked with nobody: nothing was accepted; the link is sent as it is
 * - linked: the first alias whose link was accepted, though Braze may never have heard of that alias
 * - held: Braze certainly has an alias of this label on the user, for data under the alias was accepted before its link
 *   was. A merge of a further alias makes `linked` into `held` too. Any other alias's link is without effect from now on
 *
 * - given: an alias call was accepted, but whether the user existed then, and so holds that alias, is not known. Further
 *   aliases are merged, and none of them is taken for the one held
 *
 * and whether the user exists at Braze: data under the external id was accepted, or a link made the user.
 *
 * A link of a user with another alias than the one linked or held becomes a merge (`auto`, and only where the user
 * exists: a merge into nobody does nothing, where an identify would work), or is sent as it is, with a warning where
 * it is known to be without effect; such a one is not learned, so that it is made up for after the setting is changed.
 *
 * Planned in log order, told of outcomes in the order of each person. A link under way counts as accepted for what
 * comes after it, except that nothing is left out because of it; when it is rejected, it is as if it had never been, but
 * that the alias may now be this user's.
 */
import type { Journal } from './journal.ts';
import { createKeptMap, type KeptMap } from './kept-map.ts';
import { decideLink, hadEffect, type LinkDecision } from './link-decision.ts';
import type { AliasLink } from './link-operation.ts';
import {
  type Alias,
  decodeRecord,
  encodeRecord,
  isSettled,
  type Linked,
  newAlias,
  newLinked,
  type User,
} from './link-records.ts';

/** A link under way, for its outcome. */
export interface LinkTicket {
  readonly link: AliasLink;
  readonly decision: LinkDecision;
  /** The `/users/alias/new` before it was accepted: the user has an alias now, if the user existed. */
  gives: boolean;
}

export interface LinkContext {
  /** Never left out. */
  readonly isReplay: boolean;
  /** Comes with an `/users/alias/new`, which gives an alias even where there is no past to combine. */
  readonly isAliasCall: boolean;
}

export interface LinkMemory {
  /** Operations with data under this identity are planned; `settled` is told of each of them. */
  data(key: string): void;
  dataSettled(key: string, isDelivered: boolean): void;
  plan(link: AliasLink, about: LinkContext): LinkDecision;
  /** To be called for each link that was planned and not left out. */
  settled(ticket: LinkTicket, isDelivered: boolean): void;
  /** One user was merged into another, who inherits its aliases. */
  merged(goneKey: string, keptKey: string): void;
  /** The users that data under this alias may reach; empty for one that was never linked. */
  usersOf(aliasKey: string): readonly string[];
  flush(): void;
}

export interface LinkMemoryOptions {
  readonly linkCall: 'identify' | 'auto';
  readonly journal?: Journal;
  /** Of the aliases that were never linked: without it, a restart takes their next link for one without a past. */
  readonly anonymousJournal?: Journal;
  readonly maxEntries?: number;
}

/** Linked users, linked aliases and anonymous aliases each; about 0.1 GB when all are full (measured). */
const MAX_ENTRIES = 100_000;
/** Users of one alias that are told apart; beyond it, the oldest are forgotten. */
const MAX_USERS = 8;

export function createLinkMemory(options: LinkMemoryOptions): LinkMemory {
  return new Links(options);
}

class Links implements LinkMemory {
  readonly #linkCall: LinkMemoryOptions['linkCall'];
  /** Linked aliases and their users: both kinds have keys of their own. */
  readonly #kept: KeptMap<Alias | User>;
  /** Aliases that were never linked: apart, so that many visitors cannot drive out what is linked. */
  readonly #anonymous: KeptMap<Alias>;

  constructor(options: LinkMemoryOptions) {
    const { journal, anonymousJournal, linkCall, maxEntries = MAX_ENTRIES } = options;
    this.#linkCall = linkCall;
    this.#kept = createKeptMap<Alias | User>({
      maxEntries: 2 * maxEntries,
      encode: encodeRecord,
      decode: (json) => decodeRecord(json, journal?.trusted ?? true),
      ...(journal ? { journal } : {}),
    });
    this.#anonymous = createKeptMap<Alias>({
      maxEntries,
      encode: ({ heard }) => (heard === 0 ? null : heard),
      decode: (json) => newAlias(json === 2 ? 2 : 1),
      ...(anonymousJournal ? { journal: anonymousJournal } : {}),
    });
  }

  data(key: string): void {
    if (isAliasKey(key)) this.#aliasOf(key).dataUnderWay += 1;
    else {
      const user = this.#userOf(key);
      if (user) user.dataUnderWay += 1;
    }
  }

  /** Known from now on. */
  #aliasOf(key: string): Alias {
    let alias = this.#linkedAlias(key) ?? this.#anonymous.get(key);
    if (!alias) {
      alias = newAlias(0);
      this.#anonymous.set(key, alias);
    }
    return alias;
  }

  dataSettled(key: string, isDelivered: boolean): void {
    if (isAliasKey(key)) this.#aliasHeard(key, isDelivered);
    else {
      const user = this.#userOf(key);
      if (!user) return;
      user.dataUnderWay = Math.max(0, user.dataUnderWay - 1);
      if (!isDelivered || user.exists) return;
      user.exists = true;
      this.#kept.set(key, user);
    }
  }

  #aliasHeard(key: string, isDelivered: boolean): void {
    const linked = this.#linkedAlias(key);
    const alias = linked ?? this.#anonymous.get(key);
    if (!alias) return;
    alias.dataUnderWay = Math.max(0, alias.dataUnderWay - 1);
    const heard = isDelivered || alias.heard === 2 ? 2 : 1;
    if (heard === alias.heard) return;
    alias.heard = heard;
    (linked ? this.#kept : this.#anonymous).set(key, alias);
  }

  plan(link: AliasLink, about: LinkContext): LinkDecision {
    const alias = this.#aliasOf(link.aliasKey);
    const user = this.#userOf(link.userKey) ?? { exists: false, dataUnderWay: 0, linked: [] };
    const linked = user.linked.find(({ label }) => label === link.label);
    const hasItAll = about.isAliasCall ? linked?.isHeld : linked?.isAccepted;
    if (!about.isReplay && hasItAll && isSettled(alias, link.userKey)) return 'leave_out';
    const decision = decideLink(this.#linkCall, link, { alias, user, linked });
    const isNews = alias.heard === 2 || alias.dataUnderWay > 0;
    if (!alias.users.includes(link.userKey)) alias.users = [...alias.users, link.userKey].slice(-MAX_USERS);
    alias.linksUnderWay += 1;
    const its = linked ?? newLinked(link);
    if (!linked) user.linked = [...user.linked, its];
    its.underWay += 1;
    if (isNews && alias.users.length === 1) its.expected ??= link.name;
    this.#anonymous.delete(link.aliasKey);
    this.#kept.set(link.aliasKey, alias);
    this.#kept.set(link.userKey, user);
    return decision;
  }

  settled(ticket: LinkTicket, isDelivered: boolean): void {
    const { link, decision } = ticket;
    const alias = this.#aliasOf(link.aliasKey);
    const user = this.#userOf(link.userKey);
    alias.linksUnderWay = Math.max(0, alias.linksUnderWay - 1);
    const linked = user?.linked.find(({ label }) => label === link.label);
    if (linked) ended(linked);
    const mayBeVain = linked?.isGiven && decision === 'send' && linked.name !== link.name;
    if (user && isDelivered && mayBeVain) user.exists ||= alias.heard === 2;
    if (!user || !isDelivered || mayBeVain || !hadEffect(decision, { link, user, linked })) {
      this.#forget(link, user);
    } else this.#accept(ticket, alias, user);
  }

  #accept({ link, gives }: LinkTicket, alias: Alias, user: User): void {
    const linked = user.linked.find(({ label }) => label === link.label) ?? newLinked(link);
    const isNews = alias.heard === 2 || (gives && user.exists);
    if (isNews && alias.users.length === 1 && !linked.isHeld && !linked.isGiven) {
      linked.isHeld = true;
      linked.name = link.name;
    }
    linked.isGiven ||= gives && !linked.isHeld;
    linked.isAccepted = true;
    user.exists ||= linked.isHeld;
    if (!user.linked.includes(linked)) user.linked = [...user.linked, linked];
    if (!alias.users.includes(link.userKey)) alias.users = [...alias.users, link.userKey].slice(-MAX_USERS);
    alias.isAccepted = true;
    alias.heard = 0;
    this.#anonymous.delete(link.aliasKey);
    this.#kept.set(link.aliasKey, alias);
    this.#kept.set(link.userKey, user);
  }

  /** What was known before it stays; so does whose the alias may be, since Braze may have linked them all the same. */
  #forget(link: AliasLink, user: User | undefined): void {
    if (!user) return;
    user.linked = user.linked.filter(({ isAccepted, underWay }) => isAccepted || underWay > 0);
    if (user.linked.length === 0) this.#kept.delete(link.userKey);
  }

  merged(goneKey: string, keptKey: string): void {
    const gone = this.#userOf(goneKey);
    if (!gone) return;
    this.#kept.delete(goneKey);
    const survivor = this.#userOf(keptKey) ?? { exists: false, dataUnderWay: 0, linked: [] };
    const inherited = gone.linked.filter(
      (each) => !survivor.linked.some(({ label }) => label === each.label),
    );
    survivor.linked = [...survivor.linked, ...inherited];
    this.#kept.set(keptKey, survivor);
  }

  usersOf(aliasKey: string): readonly string[] {
    return this.#linkedAlias(aliasKey)?.users ?? [];
  }

  flush(): void {
    this.#kept.flush();
    this.#anonymous.flush();
  }

  #linkedAlias(key: string): Alias | undefined {
    return this.#kept.get(key) as Alias | undefined;
  }

  #userOf(key: string): User | undefined {
    return this.#kept.get(key) as User | undefined;
  }
}

function isAliasKey(key: string): boolean {
  return key.startsWith('alias:');
}

function ended(linked: Linked): void {
  linked.underWay = Math.max(0, linked.underWay - 1);
  if (linked.underWay === 0) linked.expected = undefined;
}
