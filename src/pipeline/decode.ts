/** From a record's bytes to the event; what cannot be read is rejected, never thrown. */

import type { BrazierEvent } from '../model/event.ts';
import { isObject, type Json, type JsonObject } from '../model/json.ts';
import { checkEvent, normalise } from '../model/normalise.ts';
import { type Rejected, rejected, type Warning } from '../model/outcome.ts';
import { CUT_MARK, type CutProperties, PlainEvent } from '../model/plain-event.ts';
import type { LogRecord } from '../model/record.ts';

export interface Decoded {
  readonly status: 'decoded';
  readonly event: BrazierEvent;
  readonly warnings: readonly Warning[];
}

/**
 * @param text the record's value as text
 * @param cut spares the properties the parsing, where it can
 */
export function decode(
  text: string,
  { headers, corrupt }: Pick<LogRecord, 'headers' | 'corrupt'>,
  cut?: CutProperties,
): Decoded | Rejected {
  if (corrupt) {
    return rejected('corrupt', 'corrupt_record', 'the stored bytes do not match their checksum');
  }
  const parts = cut?.(text);
  const rest = parts && parse(parts.rest);
  const plain = isObject(rest) && rest.properties === CUT_MARK ? parts?.properties : undefined;
  const raw = plain === undefined ? parse(text) : rest;
  if (raw === undefined) return rejected('invalid', 'invalid_json', 'the record is not JSON');
  const fault = checkEvent(raw, headers.type);
  if (fault) return fault;
  // checkEvent has made sure that it is an object.
  const { event, warnings } = normalise(raw as JsonObject, headers);
  return { status: 'decoded', event: plain === undefined ? event : new PlainEvent(event, plain), warnings };
}

/** Undefined for what is not JSON. */
function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
