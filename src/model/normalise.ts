/**
 * From what a sender wrote to the event that everything after it reads: ids are text, objects are objects,
 * the clock is corrected. Turns away what can never be delivered, never changes what it was given.
 */
import { resolveTime } from './clock.ts';
import type { BrazierEvent } from './event.ts';
import { withDefaults } from './integrations.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { kindOf } from './kind-of.ts';
import { type Rejected, rejected, type Warning } from './outcome.ts';
import { personKey, toId } from './person.ts';
import type { RecordHeaders } from './record.ts';

/** The types whose Braze objects carry a time: for the others a doubtful one changes nothing. */
const TIMED_TYPES = new Set(['track', 'page', 'screen']);

/** The types that have a transformer, and need a person. */
const TYPES = new Set([...TIMED_TYPES, 'identify', 'group', 'alias']);

export interface Normalised {
  readonly event: BrazierEvent;
  readonly warnings: readonly Warning[];
}

/**
 * Why `raw` can never be delivered, or undefined. `type` is the one a single-call route gives. An unknown type
 * passes, with or without a person: it is filtered later.
 */
export function checkEvent(raw: unknown, type?: string): Rejected | undefined {
  if (!isObject(raw)) {
    return invalid('not_an_object', '', `the event is not a JSON object: got ${kindOf(raw as Json)}`);
  }
  const given = type ?? raw.type;
  if (typeof given !== 'string' || given.trim() === '') {
    const came = typeof given === 'string' && given !== '' ? 'blank text' : kindOf(given);
    return invalid('missing_type', 'type', `type: expected text such as track, got ${came}`);
  }
  const name = given.trim().toLowerCase();
  if (!TYPES.has(name) || personKey(raw, given) !== undefined) return undefined;
  const isAlias = name === 'alias';
  return invalid('missing_identity', 'userId', isAlias ? NOBODY_ALIASED : NOBODY);
}

const NOBODY = 'the event names nobody: expected a userId or an anonymousId, got neither';
/** RudderStack's text: a previous id alone says whose past it is, but not whose it shall be. */
const NOBODY_ALIASED = '[BRAZE]: userId is required for alias call: expected an id, got none';

function invalid(code: string, path: string, message: string): Rejected {
  return rejected('invalid', code, message, [{ path, message }]);
}

/** `headers` say what ingest knows beside the event's text. Never throws, never changes `raw`. */
export function normalise(raw: JsonObject, headers: RecordHeaders): Normalised {
  const warnings: Warning[] = [];
  const envelope = headers.envelope === undefined ? undefined : parseEnvelope(headers.envelope);
  const type = (headers.type ?? (typeof raw.type === 'string' ? raw.type : '')).trim().toLowerCase();
  const time = resolveTime(
    {
      timestamp: raw.timestamp,
      originalTimestamp: raw.originalTimestamp,
      sentAt: raw.sentAt,
      envelopeSentAt: headers.sentAt,
    },
    headers.receivedAt,
  );
  if (time.warning && TIMED_TYPES.has(type)) warnings.push(time.warning);
  const event: BrazierEvent = {
    type,
    messageId: messageIdOf(raw.messageId) ?? headers.messageId ?? null,
    userId: toId(raw.userId),
    anonymousId: toId(raw.anonymousId),
    previousId: toId(raw.previousId),
    groupId: raw.groupId,
    event: raw.event,
    name: raw.name,
    traits: objectOf(raw.traits, 'traits', warnings),
    properties: propertiesOf(raw.properties, warnings),
    context: under(envelope?.context, objectOf(raw.context, 'context', warnings)),
    channel: raw.channel,
    integrations: integrationsOf(raw.integrations, envelope?.integrations, warnings),
    receivedAt: headers.receivedAt,
    timestamp: time.timestamp,
  };
  return { event, warnings };
}

function parseEnvelope(text: string): JsonObject | undefined {
  try {
    const envelope: Json = JSON.parse(text);
    return isObject(envelope) ? envelope : undefined;
  } catch {
    // Only a foreign producer can write such a header; the event's own members are whole without it.
    return undefined;
  }
}

/** The event's own id, or undefined: text or a number, everything else is no id. */
export function messageIdOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? toId(value) : undefined;
}

/** PHP writes an empty object as `[]`. */
function isNothing(value: Json | undefined): value is undefined | null | [] {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function objectOf(value: Json | undefined, path: string, warnings: Warning[]): JsonObject {
  if (isObject(value)) return value;
  if (!isNothing(value)) warnings.push({ code: 'invalid_field', message: 'not an object: ignored', path });
  return {};
}

/** What RudderStack takes for no properties is none: false, 0 and empty text too. */
function propertiesOf(value: Json | undefined, warnings: Warning[]): Json {
  return value && !isNothing(value) ? value : objectOf(value, 'properties', warnings);
}

/** Member by member: what the event says about one hides what the envelope says about it. */
function under(defaults: Json | undefined, own: JsonObject): JsonObject {
  return isObject(defaults) ? { ...defaults, ...own } : own;
}

function integrationsOf(
  value: Json | undefined,
  defaults: Json | undefined,
  warnings: Warning[],
): JsonObject {
  const own = objectOf(value, 'integrations', warnings);
  return isObject(defaults) ? withDefaults(own, defaults) : own;
}
