/** The answers of Braze's catalog endpoints that turn a request away: an id for each fault, and what it is about. */
import type { Json } from './json.ts';
import { jsonReply, type Verdict } from './verdict.ts';

/** One fault, by Braze's id for it. */
export interface CatalogFault {
  readonly id: string;
  readonly message: string;
  readonly parameter: string;
  readonly value: Json;
}

/** Braze: 404 where something is not found, 400 for all else. */
export function refuse({ id, message, parameter, value }: CatalogFault): Verdict {
  const errors = [{ id, message, parameters: [parameter], parameter_values: [value] }];
  const status = id.endsWith('-not-found') ? 404 : 400;
  return { reply: jsonReply(status, { errors, message: 'Invalid Request' }), changes: [] };
}

export function catalogNotFound(name: string): CatalogFault {
  return {
    id: 'catalog-not-found',
    message: 'Could not find catalog',
    parameter: 'catalog_name',
    value: name,
  };
}

/** A check of a list: the first entry for which `isBad` holds makes the fault. */
export interface ListCheck<Entry> {
  readonly id: string;
  readonly message: string;
  readonly isBad: (entry: Entry, position: number) => boolean;
}

/** The fault of the first check that an entry fails, check by check; undefined when all pass. */
export function firstFault<Entry>(
  list: readonly Entry[],
  checks: readonly ListCheck<Entry>[],
  about: { readonly parameter: string; readonly valueOf: (entry: Entry) => Json },
): CatalogFault | undefined {
  for (const { id, message, isBad } of checks) {
    const bad = list.find(isBad);
    if (bad !== undefined) return { id, message, parameter: about.parameter, value: about.valueOf(bad) };
  }
  return undefined;
}
