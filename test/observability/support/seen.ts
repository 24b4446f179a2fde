/** The alerts that firing.test.ts sees firing from the real server's own metrics; the others fire by series of promtool alone. */

/** What goes wrong there, and whom it calls. */
export const SEEN_LIVE: readonly [alert: string, severity: 'critical' | 'warning', destination?: string][] = [
  ['BrazierDestinationHalted', 'critical', 'refused'],
  ['BrazierNothingDelivered', 'critical', 'silent'],
  ['BrazierDeliveryFailing', 'warning', 'flaky'],
  ['BrazierDeliveryFailing', 'critical', 'flaky'],
  ['BrazierThrottled', 'warning', 'throttled'],
  ['BrazierEventsOld', 'warning', 'silent'],
  ['BrazierDeadLetters', 'warning', 'picky'],
  ['BrazierDeadLetters', 'critical', 'picky'],
  ['BrazierEventsInDoubt', 'warning', 'flaky'],
  ['BrazierConfigReloadFailed', 'warning'],
  ['BrazierSendersUnauthorized', 'warning'],
  ['BrazierIngestRejecting', 'warning'],
  ['BrazierLogNearlyFull', 'warning'],
  ['BrazierLogNearlyFull', 'critical'],
  ['BrazierIngestShedding', 'critical'],
  ['BrazierDown', 'critical'],
];
