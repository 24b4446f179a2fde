/** Makes the events of a body: each with its parsed value, the sender's own text of it, and how deep it nests. */
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { describeJsonFault } from './json-fault.ts';
import type { IngestLimits } from './limits.ts';
import { badRequest, isRefusal, type Refusal, tooLarge } from './refusal.ts';
import { type Scan, type Slice, scanArray, scanBody } from './scan.ts';

/** One event as it came in, not yet checked. */
export interface IncomingEvent {
  readonly raw: Json;
  /** Its JSON text, UTF-8. */
  readonly bytes: Uint8Array;
  /** Levels of nesting: 0 for a scalar, 1 for `{}`. */
  readonly depth: number;
}

/** What stands beside the events in a batch and holds for all of them. */
export interface Incoming {
  readonly events: readonly IncomingEvent[];
  readonly sentAt?: string;
  /** JSON text of the envelope's `context` and `integrations`. */
  readonly envelope?: string;
}

/** UTF-8 bytes. Every record of the batch carries it, so it is kept to the size that SDKs give a whole event. */
export const MAX_ENVELOPE_BYTES = 32 * 1024;
/** Longer than any date is written. */
const MAX_SENT_AT_LENGTH = 64;

const EMPTY = badRequest('empty_batch', '"batch" is empty: expected at least one event');

/** The body of a single-call route: the event itself. */
export function parseSingle(body: Buffer, limits: IngestLimits): Incoming | Refusal {
  const parsed = parseBody(body, limits);
  if (isRefusal(parsed)) return parsed;
  const { whole } = parsed.scan;
  return { events: [eventAt(body, whole, parsed.value)] };
}

/** The body of `/v1/batch` and `/v1/import`: `{"batch":[…]}`. */
export function parseBatch(body: Buffer, limits: IngestLimits): Incoming | Refusal {
  const parsed = parseBody(body, limits);
  if (isRefusal(parsed)) return parsed;
  const { value, scan } = parsed;
  if (!isObject(value)) {
    return badRequest('not_an_object', 'the body must be a JSON object with the events under "batch"');
  }
  const elements = elementsOf(value);
  if (!Array.isArray(elements)) return elements;
  if (elements.length > limits.maxEventsPerBatch) return tooManyEvents(limits);
  const envelope = envelopeOf(value);
  if (typeof envelope === 'object') return envelope;
  const sentAt = sentAtOf(value);
  return {
    events: eventsOf(body, elements, scan.batch),
    ...(sentAt !== undefined && { sentAt }),
    ...(envelope !== undefined && { envelope }),
  };
}

/** The text of a list of events, as topics hold it. Undefined when it is another JSON text. */
export function parseArray(body: Buffer, limits: IngestLimits): Incoming | Refusal | undefined {
  const parsed = parseBody(body, limits, scanArray);
  if (isRefusal(parsed)) return parsed;
  const { value, scan } = parsed;
  if (!Array.isArray(value)) return undefined;
  return value.length > 0 ? { events: eventsOf(body, value, scan.batch) } : EMPTY;
}

function parseBody(
  body: Buffer,
  limits: IngestLimits,
  scanText = scanBody,
): { value: Json; scan: Scan } | Refusal {
  const { maxBodyDepth, maxEventsPerBatch } = limits;
  const scan = scanText(body, { maxDepth: maxBodyDepth, maxElements: maxEventsPerBatch });
  if (scan === 'too_deep') return badRequest('too_deep', `the body nests deeper than ${maxBodyDepth} levels`);
  if (scan === 'too_many') return tooManyEvents(limits);
  const text = body.toString();
  try {
    return { value: JSON.parse(text), scan };
  } catch {
    return badRequest('invalid_json', `the body is not valid JSON: ${describeJsonFault(text)}`);
  }
}

function tooManyEvents(limits: IngestLimits): Refusal {
  return tooLarge('too_many_events', `"batch" holds more than ${limits.maxEventsPerBatch} events`);
}

/** A single object counts as a batch of one, as RudderStack's gateway reads it. */
function elementsOf(value: JsonObject): Json[] | Refusal {
  const batch = value.batch;
  if (batch === undefined || batch === null) {
    return badRequest('missing_batch', '"batch" is missing: expected {"batch":[…]}');
  }
  if (isObject(batch)) return [batch];
  if (!Array.isArray(batch)) return badRequest('invalid_batch', '"batch" must be an array of events');
  return batch.length > 0 ? batch : EMPTY;
}

function eventsOf(body: Buffer, elements: readonly Json[], slices: Scan['batch']): readonly IncomingEvent[] {
  if (slices?.length !== elements.length) return elements.map(rewritten);
  return slices.map((slice, index) => eventAt(body, slice, elements[index] as Json));
}

function eventAt(body: Buffer, slice: Slice, raw: Json): IncomingEvent {
  return { raw, bytes: body.subarray(slice.start, slice.end), depth: slice.depth };
}

/** For the rare body whose slices are in doubt (`batch` twice, or its name written with an escape). */
function rewritten(raw: Json): IncomingEvent {
  const bytes = Buffer.from(JSON.stringify(raw));
  const scan = scanBody(bytes, { maxDepth: Number.MAX_SAFE_INTEGER, maxElements: Number.MAX_SAFE_INTEGER });
  return { raw, bytes, depth: typeof scan === 'object' ? scan.whole.depth : 0 };
}

function sentAtOf({ sentAt }: JsonObject): string | undefined {
  const text = typeof sentAt === 'number' ? String(sentAt) : sentAt;
  return typeof text === 'string' && text !== '' && text.length <= MAX_SENT_AT_LENGTH ? text : undefined;
}

function envelopeOf({ context, integrations }: JsonObject): string | undefined | Refusal {
  if (!isObject(context) && !isObject(integrations)) return undefined;
  const text = JSON.stringify({
    ...(isObject(context) && { context }),
    ...(isObject(integrations) && { integrations }),
  });
  if (Buffer.byteLength(text) <= MAX_ENVELOPE_BYTES) return text;
  return tooLarge(
    'envelope_too_large',
    `"context" and "integrations" beside "batch" are larger than ${MAX_ENVELOPE_BYTES} bytes together`,
  );
}
