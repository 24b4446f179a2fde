/** Compiles the event rules of a user once, at start: which events are renamed and which are dropped, by name. */
import { type Filtered, filtered } from '../src/model/outcome.ts';
import type { EventRule } from '../src/model/settings.ts';

/**
 * The name to go on with, or a filtered outcome, which is the result of the whole event. Ask it before anything
 * else looks at the name, so that an event renamed to `Order Completed` is an order:
 *
 *     const name = nameOf(event.event); if (typeof name !== 'string') return name;
 *
 * Names are compared as they are, then trimmed and without regard to case. A new name is not looked up again.
 */
export type EventNames = (name: string) => string | Filtered;

const DROPPED = filtered('event_dropped', 'dropped by name, as mappings.events says');

/** Of several rules for one name the first counts. */
export function createEventNames(rules: readonly EventRule[] | undefined): EventNames {
  if (!rules || rules.length === 0) return (name) => name;
  const exact = new Map<string, EventRule>();
  const folded = new Map<string, EventRule>();
  for (const rule of rules) {
    if (!exact.has(rule.name)) exact.set(rule.name, rule);
    if (!folded.has(fold(rule.name))) folded.set(fold(rule.name), rule);
  }
  return (name) => {
    const rule = exact.get(name) ?? folded.get(fold(name));
    if (rule?.drop === true) return DROPPED;
    return rule?.rename ?? name;
  };
}

function fold(name: string): string {
  return name.trim().toLowerCase();
}
