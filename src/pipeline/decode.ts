/** From a record's bytes to the event; what cannot be read is rejected, never thrown. */

import type { BrazierEvent } from '../model/event.ts';
import type { JsonObject } from '../model/json.ts';
import { checkEvent, normalise } from '../model/normalise.ts';
import { type Rejected, rejected, type Warning } from '../model/outcome.ts';
import type { RecordHeaders } from '../model/record.ts';

export interface Decoded {
  readonly status: 'decoded';
  readonly event: BrazierEvent;
  readonly warnings: readonly Warning[];
}

/** @param text the record's value as text */
export function decode(text: string, headers: RecordHeaders, corrupt: boolean): Decoded | Rejected {
  if (corrupt) {
    return rejected('corrupt', 'corrupt_record', 'the stored bytes do not match their checksum');
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return rejected('invalid', 'invalid_json', 'the record is not JSON');
  }
  const fault = checkEvent(raw, headers.type);
  if (fault) return fault;
  // checkEvent has made sure that it is an object.
  const { event, warnings } = normalise(raw as JsonObject, headers);
  return { status: 'decoded', event, warnings };
}
