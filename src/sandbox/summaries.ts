/** Counts of a user's events and purchases as Braze tells them: first, last, how many. Pure. */
import type { JsonObject } from './json.ts';
import { parseTime } from './time.ts';

export interface Summary {
  /** Of the name or product. */
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly first: string;
  readonly last: string;
  readonly count: number;
}

/** One for each name, in the order in which they first came; `field` holds the name. */
export function summarise(objects: readonly JsonObject[], field: 'name' | 'product_id'): Summary[] {
  const groups = Map.groupBy(objects, (object) => String(object[field]));
  return Array.from(groups, ([name, all]) => {
    const times = all.map(({ time }) => parseTime(String(time)) ?? 0);
    const count = all.reduce((total, object) => total + quantityOf(object), 0);
    return { name, first: isoOf(Math.min(...times)), last: isoOf(Math.max(...times)), count };
  });
}

/** Braze: a purchase of quantity 3 counts as three purchases; an event counts as one. */
export function quantityOf({ quantity }: JsonObject): number {
  return typeof quantity === 'number' ? quantity : 1;
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
