/** An event whose properties can go to Braze as they stand in its text: they are parsed only when somebody reads them. */
import type { BrazierEvent } from './event.ts';
import type { Json, JsonObject } from './json.ts';

/** An event's text, taken apart. */
export interface CutText {
  /** The event's JSON text with `CUT_MARK` in the place of its properties. */
  readonly rest: string;
  /** JSON text of the properties, as sent. */
  readonly properties: string;
}

/** What stands where the properties were: with its zero character no text that a sender writes by accident. */
export const CUT_MARK = '\u0000properties';

/** Takes the properties out of an event's text when they need no change; undefined when they may. */
export type CutProperties = (text: string) => CutText | undefined;

/** `event` but for its properties. A class, since it holds what it has parsed. */
export class PlainEvent implements BrazierEvent {
  readonly type: string;
  readonly messageId: string | null;
  readonly userId: string | undefined;
  readonly anonymousId: string | undefined;
  readonly previousId: string | undefined;
  readonly groupId: Json | undefined;
  readonly event: Json | undefined;
  readonly name: Json | undefined;
  readonly traits: JsonObject;
  readonly context: JsonObject;
  readonly channel: Json | undefined;
  readonly integrations: JsonObject;
  readonly receivedAt: string;
  readonly timestamp: string;
  readonly plainProperties: string;
  #properties: Json | undefined;

  constructor(event: BrazierEvent, plainProperties: string) {
    this.type = event.type;
    this.messageId = event.messageId;
    this.userId = event.userId;
    this.anonymousId = event.anonymousId;
    this.previousId = event.previousId;
    this.groupId = event.groupId;
    this.event = event.event;
    this.name = event.name;
    this.traits = event.traits;
    this.context = event.context;
    this.channel = event.channel;
    this.integrations = event.integrations;
    this.receivedAt = event.receivedAt;
    this.timestamp = event.timestamp;
    this.plainProperties = plainProperties;
  }

  get properties(): Json {
    this.#properties ??= JSON.parse(this.plainProperties) as Json;
    return this.#properties;
  }
}
