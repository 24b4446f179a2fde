/** Routing: whether the sender wants an event to go to Braze at all. Pure. */
import type { BrazierEvent } from '../model/event.ts';
import { wish } from '../model/integrations.ts';
import { type Filtered, filtered } from '../model/outcome.ts';

/**
 * Undefined when the event is wanted: `integrations.Braze`, else `integrations.All`, else yes. Names are
 * compared without regard to case, an object means yes with options, any other value counts as not given.
 */
export function route(event: BrazierEvent): Filtered | undefined {
  const { integrations } = event;
  const wanted = wish(integrations, 'braze', 'Braze') ?? wish(integrations, 'all', 'All') ?? true;
  if (wanted) return undefined;
  return filtered('integration_disabled', 'the integrations object of the event excludes Braze');
}
