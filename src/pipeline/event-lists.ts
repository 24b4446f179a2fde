/** The allow list or the deny list of a destination: which track calls it takes, by their names. */
import type { BrazierEvent } from '../model/event.ts';
import { type Filtered, filtered } from '../model/outcome.ts';
import type { DestinationSettings } from '../model/settings.ts';

/** Undefined when the lists have nothing against the event. */
export type EventLists = (event: BrazierEvent) => Filtered | undefined;

const NOT_ALLOWED = filtered('event_not_allowed', 'whitelistedEvents does not name this event');
const DENIED = filtered('event_denied', 'blacklistedEvents names this event');

/**
 * Undefined when no list is chosen. The names of track calls are looked up as they are sent, before any renaming:
 * exactly, then trimmed and without regard to case. Other calls pass, and so does a track call without a usable
 * name: its transformer says what is wrong with it.
 */
export function createEventLists(settings: DestinationSettings): EventLists | undefined {
  const { eventFilteringOption, whitelistedEvents = [], blacklistedEvents = [] } = settings;
  if (eventFilteringOption === 'whitelistedEvents') {
    const isNamed = lookUp(whitelistedEvents);
    return byName((name) => (isNamed(name) ? undefined : NOT_ALLOWED));
  }
  if (eventFilteringOption === 'blacklistedEvents') {
    const isNamed = lookUp(blacklistedEvents);
    return byName((name) => (isNamed(name) ? DENIED : undefined));
  }
  return undefined;
}

function byName(judge: (name: string) => Filtered | undefined): EventLists {
  return ({ type, event }) => {
    if (type !== 'track' || typeof event !== 'string' || event.trim() === '') return undefined;
    return judge(event);
  };
}

function lookUp(events: readonly { readonly eventName: string }[]): (name: string) => boolean {
  const names = new Set(events.flatMap(({ eventName }) => [eventName, fold(eventName)]));
  return (name) => names.has(name) || names.has(fold(name));
}

function fold(name: string): string {
  return name.trim().toLowerCase();
}
