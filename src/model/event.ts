/** The event after normalising: what routing and the transformers read, and never change. */
import type { Json, JsonObject } from './json.ts';

export interface BrazierEvent {
  /** Lower-case and trimmed; may be one that no transformer knows. */
  readonly type: string;
  /** Null when neither the event nor ingest gave one. */
  readonly messageId: string | null;
  /** Ids are never empty: trimmed, well-formed text, or undefined. */
  readonly userId: string | undefined;
  readonly anonymousId: string | undefined;
  readonly previousId: string | undefined;
  /** As sent: its transformer judges it. */
  readonly groupId: Json | undefined;
  /** The name of a track event, as sent. */
  readonly event: Json | undefined;
  /** The name of a page or screen, as sent. */
  readonly name: Json | undefined;
  /** The root traits alone; those of the context stand in `context.traits`. */
  readonly traits: JsonObject;
  /** As sent, but `{}` for absent, null, `[]`, false, 0 and empty text: its transformer judges anything else. */
  readonly properties: Json;
  /** JSON text of the properties when they can go to Braze as they stand in the event's text. */
  readonly plainProperties?: string;
  /** The event's own over the defaults of its envelope. */
  readonly context: JsonObject;
  /** Where it was sent from, e.g. `web`, `mobile`, `server`; as sent. `context.channel` may say it too. */
  readonly channel: Json | undefined;
  readonly integrations: JsonObject;
  /** ISO 8601, UTC, milliseconds; so is `timestamp`. */
  readonly receivedAt: string;
  /** When it happened: never later than `receivedAt`, never before the year 2000. */
  readonly timestamp: string;
}
