/**
 * Finds the events inside a request body without parsing it: where each element of `batch` begins and ends,
 * and how deep it nests. The log then holds the sender's own text, and no body is parsed that nests too deep.
 * It trusts brackets and quotes alone; only for text that `JSON.parse` accepts do the slices mean anything.
 */

/** One value within the scanned bytes: `start` is in it, `end` is not. */
export interface Slice {
  readonly start: number;
  readonly end: number;
  /** Levels of nesting: 0 for a scalar, 1 for `{}`. */
  readonly depth: number;
}

export interface Scan {
  /** The whole text without the white space around it. */
  readonly whole: Slice;
  /** The elements of the top-level `batch`; undefined when the text leaves doubt about them. */
  readonly batch: readonly Slice[] | undefined;
}

/** Cut short: deeper than `maxDepth` levels, or more elements than `maxElements`. */
export type ScanFault = 'too_deep' | 'too_many';

export interface ScanLimits {
  readonly maxDepth: number;
  readonly maxElements: number;
}

interface Cursor {
  readonly bytes: Uint8Array;
  readonly limits: ScanLimits;
  at: number;
  /** Deepest level seen so far in the whole text. */
  deepest: number;
  fault: ScanFault | undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BATCH = Buffer.from('batch');

const PLAIN = 0;
const STRING = 1;
const OPEN = 2;
const CLOSE = 3;
/** What a byte means inside a container, outside a string. */
const MEANING = new Uint8Array(256);
MEANING[QUOTE] = STRING;
MEANING[OPEN_ARRAY] = OPEN;
MEANING[OPEN_OBJECT] = OPEN;
MEANING[CLOSE_ARRAY] = CLOSE;
MEANING[CLOSE_OBJECT] = CLOSE;

/** Scans the bytes of one JSON text (without a byte order mark), in linear time and without recursion. */
export function scanBody(bytes: Uint8Array, limits: ScanLimits): Scan | ScanFault {
  const cursor: Cursor = { bytes, limits, at: 0, deepest: 0, fault: undefined };
  skipSpace(cursor);
  const start = cursor.at;
  const isMembers = bytes[start] === OPEN_OBJECT;
  const batch = isMembers ? scanMembers(cursor) : undefined;
  if (!isMembers) sliceValue(cursor, 0);
  if (cursor.fault !== undefined) return cursor.fault;
  return { whole: { start, end: cursor.at, depth: cursor.deepest }, batch };
}

/** The same for a text whose top level is the list of events itself: `batch` holds its elements; undefined when it is no list. */
export function scanArray(bytes: Uint8Array, limits: ScanLimits): Scan | ScanFault {
  const cursor: Cursor = { bytes, limits, at: 0, deepest: 0, fault: undefined };
  skipSpace(cursor);
  const start = cursor.at;
  const isArray = bytes[start] === OPEN_ARRAY;
  const batch = isArray ? scanElements(cursor, 1) : undefined;
  if (!isArray) sliceValue(cursor, 0);
  if (cursor.fault !== undefined) return cursor.fault;
  return { whole: { start, end: cursor.at, depth: cursor.deepest }, batch };
}

/** The members of the top-level object; ends behind its brace, or where the text is no JSON. */
function scanMembers(cursor: Cursor): readonly Slice[] | undefined {
  const { bytes } = cursor;
  let batch: readonly Slice[] | undefined;
  let sure = true;
  cursor.deepest = 1;
  do {
    cursor.at++;
    skipSpace(cursor);
    if (bytes[cursor.at] !== QUOTE) break;
    const key = readKey(cursor);
    skipSpace(cursor);
    if (bytes[cursor.at] !== COLON) break;
    cursor.at++;
    skipSpace(cursor);
    if (key === 'batch') {
      // Of keys that come twice JSON.parse takes the last; leave that to it.
      sure &&= batch === undefined;
      batch = scanBatch(cursor);
    } else {
      sure &&= key !== 'escaped';
      sliceValue(cursor, 1);
    }
    skipSpace(cursor);
  } while (bytes[cursor.at] === COMMA && cursor.fault === undefined);
  if (bytes[cursor.at] === CLOSE_OBJECT) cursor.at++;
  return sure ? batch : undefined;
}

/** An escape could spell `batch` in another way, so such a key is reported as a doubt. */
function readKey(cursor: Cursor): 'batch' | 'escaped' | 'other' {
  const start = cursor.at + 1;
  cursor.at = endOfString(cursor.bytes, start);
  const key = cursor.bytes.subarray(start, cursor.at - 1);
  if (key.includes(BACKSLASH)) return 'escaped';
  return key.length === BATCH.length && BATCH.equals(key) ? 'batch' : 'other';
}

/** The elements of the value under `batch`; anything but an array is the only element. */
function scanBatch(cursor: Cursor): readonly Slice[] {
  return cursor.bytes[cursor.at] === OPEN_ARRAY ? scanElements(cursor, 2) : [sliceValue(cursor, 1)];
}

/** The elements of the array at the cursor, which stand `outer` levels deep in the text. */
function scanElements(cursor: Cursor, outer: number): readonly Slice[] {
  const { bytes, limits } = cursor;
  const slices: Slice[] = [];
  cursor.deepest = Math.max(cursor.deepest, outer);
  do {
    cursor.at++;
    skipSpace(cursor);
    if (bytes[cursor.at] === CLOSE_ARRAY || cursor.at >= bytes.length) break;
    if (slices.length === limits.maxElements) cursor.fault = 'too_many';
    slices.push(sliceValue(cursor, outer));
    skipSpace(cursor);
  } while (bytes[cursor.at] === COMMA && cursor.fault === undefined);
  cursor.at++;
  return slices;
}

/** Moves behind the value at the cursor, which stands `outer` levels deep in the text. */
function sliceValue(cursor: Cursor, outer: number): Slice {
  const { bytes } = cursor;
  const start = cursor.at;
  const meaning = MEANING[bytes[start] as number];
  let depth = 0;
  if (meaning === OPEN) depth = skipContainer(cursor, outer);
  else if (meaning === STRING) cursor.at = endOfString(bytes, start + 1);
  else skipScalar(cursor);
  return { start, end: cursor.at, depth };
}

/** The levels of the container at the cursor; stops at the limit. */
function skipContainer(cursor: Cursor, outer: number): number {
  const { bytes, limits } = cursor;
  const length = bytes.length;
  let at = cursor.at;
  let depth = 0;
  let deepest = 0;
  do {
    const meaning = MEANING[bytes[at] as number];
    at++;
    if (meaning === PLAIN) continue;
    if (meaning === STRING) at = endOfString(bytes, at);
    else if (meaning === CLOSE) depth--;
    else if (++depth > deepest) deepest = depth;
  } while (depth > 0 && at < length && outer + deepest <= limits.maxDepth);
  cursor.at = at;
  cursor.deepest = Math.max(cursor.deepest, outer + deepest);
  if (outer + deepest > limits.maxDepth) cursor.fault = 'too_deep';
  return deepest;
}

/** Behind the closing quote of the string whose first character is at `at`. */
function endOfString(bytes: Uint8Array, at: number): number {
  const length = bytes.length;
  while (at < length) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return length;
}

/** Numbers and words end before the next white space, comma or bracket; it moves at least by one. */
function skipScalar(cursor: Cursor): void {
  const { bytes } = cursor;
  do cursor.at++;
  while (cursor.at < bytes.length && isScalarByte(bytes[cursor.at] as number));
}

function isScalarByte(byte: number): boolean {
  return byte > 0x20 && byte !== COMMA && MEANING[byte] === PLAIN;
}

function skipSpace(cursor: Cursor): void {
  const { bytes } = cursor;
  while (cursor.at < bytes.length && isSpace(bytes[cursor.at] as number)) cursor.at++;
}

/** JSON's white space: space, tab, line feed, carriage return. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
