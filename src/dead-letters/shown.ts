/**
 * Dead letters as operators see them. A listing holds nothing that could name a person: no key, no payload, and no
 * message either, since Braze's and the transformers' may quote what was sent.
 */
import type { LetterGroup } from '../log/log.ts';
import type { DeadLetter } from '../model/dead-letter.ts';

export interface LetterSummary {
  readonly id: string;
  /** Null: turned away at ingest. */
  readonly destination: string | null;
  readonly source: string;
  /** ISO 8601. */
  readonly at: string;
  readonly kind: string;
  readonly code: string;
  /** Parts that were not delivered; null means the whole event. */
  readonly undelivered: readonly string[] | null;
  /** Only when it was asked for: who it is about, the reason in words, and the event as it was sent. */
  readonly person?: string;
  readonly message?: string;
  readonly payload?: string;
}

export interface LetterDetails extends LetterSummary {
  readonly issues: readonly { readonly path: string; readonly message: string }[];
  readonly parts: readonly { readonly part: string; readonly code: string; readonly message: string }[];
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The last request and Braze's reply; null when nothing was sent, or the letter is of an older version. */
  readonly delivery: ShownDelivery | null;
}

export interface ShownDelivery {
  readonly attempts: number;
  /** ISO 8601. */
  readonly firstAttemptAt: string;
  readonly lastAttemptAt: string;
  readonly endpoint: string;
  readonly objects: number;
  readonly status: number | null;
  readonly reply: string;
}

export interface ShownGroup {
  readonly destination: string | null;
  readonly kind: string;
  readonly code: string;
  readonly count: number;
  /** ISO 8601. */
  readonly first: string;
  readonly last: string;
}

export function summaryOf(letter: DeadLetter, showPayload = false): LetterSummary {
  const { id, destination, at, record, outcome, undelivered } = letter;
  return {
    id,
    destination,
    source: record.headers.source,
    at: isoTime(at),
    kind: outcome.kind,
    code: outcome.code,
    undelivered: undelivered?.map(({ part }) => part) ?? null,
    ...(showPayload && personal(letter)),
  };
}

export function detailsOf(letter: DeadLetter): LetterDetails {
  const { outcome, undelivered, record, delivery } = letter;
  return {
    ...summaryOf(letter, true),
    issues: outcome.issues,
    parts: (undelivered ?? []).map(({ part, outcome: { code, message } }) => ({ part, code, message })),
    headers: { ...record.headers },
    delivery: delivery
      ? {
          ...delivery,
          firstAttemptAt: isoTime(delivery.firstAttemptAt),
          lastAttemptAt: isoTime(delivery.lastAttemptAt),
        }
      : null,
  };
}

export function shownGroup({ firstAt, lastAt, ...group }: LetterGroup): ShownGroup {
  return { ...group, first: isoTime(firstAt), last: isoTime(lastAt) };
}

function personal({ record, outcome }: DeadLetter) {
  return { person: record.key, message: outcome.message, payload: Buffer.from(record.value).toString() };
}

export function isoTime(at: number): string {
  return new Date(at).toISOString();
}
