/** Which letters are meant: by ids, or by what is the same about them. */
import type { LetterFilter } from '../log/log.ts';
import { ANONYMOUS_LABEL, aliasKey, externalIdKey } from '../model/person.ts';

/** All of them hold for a letter that is meant; none: every letter. */
export interface Selection {
  /** '' for those that ingest turned away. */
  readonly destination?: string;
  readonly code?: string;
  readonly kind?: string;
  readonly source?: string;
  /** A user id, an anonymous id, or a person key as a letter shows it. */
  readonly person?: string;
  /** When the letter was written, ms since the epoch, half-open. */
  readonly from?: number;
  readonly to?: number;
}

/** Ids, or all that a selection means. */
export type Wanted = { readonly ids: readonly string[] } | Selection;

export function filterOf({ person, ...filter }: Selection): LetterFilter {
  if (person === undefined) return filter;
  const anonymous = aliasKey({ alias_name: person, alias_label: ANONYMOUS_LABEL });
  return { ...filter, persons: [person, externalIdKey(person), anonymous] };
}
