/** A simple model of Braze for the memory's properties: profiles, one alias of a label each, and what links do to them. */
import type { Operation } from '../../src/model/operation.ts';

export interface Profile {
  externalId: string | undefined;
  alias: string | undefined;
  readonly attributes: Map<string, unknown>;
  events: number[];
}

interface Body {
  readonly external_id?: string;
  readonly user_alias?: { readonly alias_name: string };
  readonly alias_name?: string;
  readonly number?: number;
  readonly identifier_to_merge?: Body;
  readonly identifier_to_keep?: Body;
  readonly [name: string]: unknown;
}

const NO_ATTRIBUTES = ['external_id', 'user_alias', '_update_existing_only'];

/** Applies accepted operations one by one. Throws when a merge would make a user with an external id disappear. */
export class BrazeModel {
  readonly profiles = new Set<Profile>();

  apply({ kind, text }: Operation): void {
    const body = JSON.parse(text) as Body;
    if (kind === 'attributes') this.#setAttributes(body);
    else if (kind === 'event') this.#findOrMake(body).events.push(body.number ?? -1);
    else if (kind === 'identify') this.#identify(body.external_id ?? '', body.user_alias?.alias_name ?? '');
    else if (kind === 'alias') this.#newAlias(body.external_id ?? '', body.alias_name ?? '');
    else this.#merge(body.identifier_to_merge ?? {}, body.identifier_to_keep ?? {});
  }

  find({ external_id, user_alias }: Body): Profile | undefined {
    return [...this.profiles].find((each) =>
      external_id === undefined ? each.alias === user_alias?.alias_name : each.externalId === external_id,
    );
  }

  /** Everything, in an order of its own. */
  state(): string {
    const all = [...this.profiles].map(({ externalId, alias, attributes, events }) =>
      JSON.stringify([externalId, alias, [...attributes].sort(), events.toSorted()]),
    );
    return all.sort().join('\n');
  }

  clone(): BrazeModel {
    const copy = new BrazeModel();
    for (const each of this.profiles) {
      copy.profiles.add({ ...each, attributes: new Map(each.attributes), events: [...each.events] });
    }
    return copy;
  }

  #findOrMake(body: Body): Profile {
    const found = this.find(body);
    if (found) return found;
    const { external_id: externalId, user_alias } = body;
    const alias = externalId === undefined ? user_alias?.alias_name : undefined;
    const made: Profile = { externalId, alias, attributes: new Map(), events: [] };
    this.profiles.add(made);
    return made;
  }

  #setAttributes(body: Body): void {
    const { attributes } = this.#findOrMake(body);
    for (const [name, value] of Object.entries(body)) {
      if (NO_ATTRIBUTES.includes(name)) continue;
      const by = (value as { inc?: number } | null)?.inc;
      if (by !== undefined) attributes.set(name, Number(attributes.get(name) ?? 0) + by);
      else if (value === null) attributes.delete(name);
      else attributes.set(name, value);
    }
  }

  #identify(externalId: string, name: string): void {
    const anonymous = this.find({ user_alias: { alias_name: name } });
    const known = this.find({ external_id: externalId });
    if (!anonymous || anonymous.externalId !== undefined) return;
    if (!known) anonymous.externalId = externalId;
    else if (known.alias === undefined) this.#combine(anonymous, known);
  }

  #newAlias(externalId: string, name: string): void {
    const user = this.find({ external_id: externalId });
    if (user && user.alias === undefined && !this.find({ user_alias: { alias_name: name } }))
      user.alias = name;
  }

  #merge(from: Body, into: Body): void {
    const [gone, kept] = [this.find(from), this.find(into)];
    if (!gone || !kept || gone === kept) return;
    if (gone.externalId !== undefined && from.external_id === undefined) {
      throw new Error(`the merge of an alias swallows user ${gone.externalId}`);
    }
    this.#combine(gone, kept);
  }

  #combine(gone: Profile, kept: Profile): void {
    this.profiles.delete(gone);
    kept.alias ??= gone.alias;
    for (const [name, value] of gone.attributes) {
      if (!kept.attributes.has(name)) kept.attributes.set(name, value);
    }
    kept.events.push(...gone.events);
  }
}
