/** What the alerts speak of: an alert that fires, what it is about, and the time that its rules go by. */

/** As the alerts of Prometheus are named, so that both have the same page in docs/operate/alerts. */
export type AlertName =
  | 'BrazierDestinationHalted'
  | 'BrazierNothingDelivered'
  | 'BrazierDeadLetters'
  | 'BrazierLogNearlyFull'
  | 'BrazierDiskNearlyFull';

/** `critical` wakes somebody, `warning` waits for the morning. */
export type Severity = 'critical' | 'warning';

/** One alert of one subject. Of the same alert both severities may be there, each by itself. */
export interface Alert {
  readonly name: AlertName;
  readonly severity: Severity;
  /** Id of the destination that it is about; null: the whole process. */
  readonly destination: string | null;
  /** Code of docs/errors.md, where there is one. */
  readonly code: string | null;
  /** In plain words, for people; holds ids of the configuration and figures, and nothing of an event. */
  readonly summary: string;
  /** When it began, ms since the epoch. */
  readonly since: number;
}

/** The same moment by two clocks. */
export interface Instant {
  /** Of a clock that never goes back: for holds, rates and pauses. */
  readonly ms: number;
  /** ms since the epoch: for what is shown. */
  readonly at: number;
}

/** What makes two of them the same alert, whenever they began. */
export function keyOf({ name, severity, destination }: Omit<Alert, 'since'>): string {
  return [name, severity, destination ?? ''].join(' ');
}
