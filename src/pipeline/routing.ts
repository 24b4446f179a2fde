/** Routing: whether an event is to go to this destination at all. Pure; compiled once from its settings. */
import type { BrazierEvent } from '../model/event.ts';
import { wish } from '../model/integrations.ts';
import { type Filtered, filtered, type Warning } from '../model/outcome.ts';
import type { DestinationSettings } from '../model/settings.ts';
import { createConsentRules, readConsent } from './consent.ts';
import { createEventLists } from './event-lists.ts';

export interface Wanted {
  readonly status: 'wanted';
  /** What in the event could not be understood on the way. */
  readonly warnings: readonly Warning[];
}

export type Router = (event: BrazierEvent) => Wanted | Filtered;

const WANTED: Wanted = { status: 'wanted', warnings: [] };

const DISABLED = filtered('integration_disabled', 'the integrations object of the event excludes Braze');

/** The first of these that says no decides: the event's integrations object, its consents, the lists of event names. */
export function createRouter(settings: DestinationSettings): Router {
  const consentRules = createConsentRules(settings);
  const eventLists = createEventLists(settings);
  return (event) => {
    if (!isWished(event)) return DISABLED;
    const consent = consentRules && readConsent(event.context);
    const unwanted = (consent && consentRules?.(consent)) ?? eventLists?.(event);
    if (unwanted) return unwanted;
    return consent && consent.warnings.length > 0 ? { status: 'wanted', warnings: consent.warnings } : WANTED;
  };
}

/**
 * `integrations.Braze`, else `integrations.All`, else yes. Names are compared without regard to case, an object
 * means yes with options, any other value counts as not given.
 */
function isWished({ integrations }: BrazierEvent): boolean {
  return wish(integrations, 'braze', 'Braze') ?? wish(integrations, 'all', 'All') ?? true;
}
