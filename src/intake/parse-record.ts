/** Makes the events of a record's value, by the format that its subscription names; never throws. */
import { isUtf8 } from 'node:buffer';
import { type Incoming, parseArray, parseBatch, parseSingle } from '../ingest/parse.ts';
import { isRefusal, type Refusal } from '../ingest/refusal.ts';
import { type Rejected, rejected } from '../model/outcome.ts';
import type { SubscriptionFormat } from '../model/subscription.ts';
import type { IntakeLimits } from './limits.ts';

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const OPEN_ARRAY = '['.charCodeAt(0);

/** A batch that is a list of events, without its envelope, is taken too. */
export function parseRecord(
  value: Uint8Array,
  format: SubscriptionFormat,
  limits: IntakeLimits,
): Incoming | Rejected {
  if (value.length > limits.maxRecordBytes) {
    const message = `the record's value is larger than ${limits.maxRecordBytes} bytes`;
    return rejected('oversized', 'record_too_large', message);
  }
  if (!isUtf8(value)) return rejected('invalid', 'invalid_encoding', "the record's value is not UTF-8");
  const parsed = parseText(withoutMark(value), format, limits);
  if (parsed === undefined) {
    return rejected('invalid', 'not_an_array', 'read as an array: the value is no JSON array of events');
  }
  return isRefusal(parsed) ? asOutcome(parsed, format) : parsed;
}

function withoutMark(value: Uint8Array): Buffer {
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return text.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)
    ? text.subarray(BYTE_ORDER_MARK.length)
    : text;
}

function parseText(
  text: Buffer,
  format: SubscriptionFormat,
  limits: IntakeLimits,
): Incoming | Refusal | undefined {
  if (format === 'event') return parseSingle(text, limits);
  if (format === 'array' || text[0] === OPEN_ARRAY) return parseArray(text, limits);
  return parseBatch(text, limits);
}

/** Over HTTP it is a status: 413 is what is too large. */
function asOutcome({ status, code, message }: Refusal, format: SubscriptionFormat): Rejected {
  return rejected(status === 413 ? 'oversized' : 'invalid', code, `read as ${format}: ${message}`);
}
