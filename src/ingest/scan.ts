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

/** Scans the bytes of one JSON text (without a byte order mark), in linear time and without recursion. */
export function scanBody(bytes: Uint8Array, limits: ScanLimits): Scan | ScanFault {
  return scanWith(bytes, limits, (cursor) =>
    bytes[cursor.at] === OPEN_OBJECT ? scanMembers(cursor) : passValue(cursor),
  );
}

/** The same for a text whose top level is the list of events itself: `batch` holds its elements; undefined when it is no list. */
export function scanArray(bytes: Uint8Array, limits: ScanLimits): Scan | ScanFault {
  return scanWith(bytes, limits, (cursor) =>
    bytes[cursor.at] === OPEN_ARRAY ? scanElements(cursor, 1) : passValue(cursor),
  );
}

function scanWith(
  bytes: Uint8Array,
  limits: ScanLimits,
  scanTop: (cursor: Cursor) => Scan['batch'],
): Scan | ScanFault {
  const cursor: Cursor = { bytes, limits, at: 0, deepest: 0, fault: undefined };
  skipSpace(cursor);
  const start = cursor.at;
  const batch = scanTop(cursor);
  if (cursor.fault !== undefined) return cursor.fault;
  return { whole: { start, end: cursor.at, depth: cursor.deepest }, batch };
}

function passValue(cursor: Cursor): undefined {
  sliceValue(cursor, 0);
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
  const { bytes } = cursor;
  const start = cursor.at + 1;
  cursor.at = endOfString(bytes, start, bytes.length);
  for (let at = start; at < cursor.at; at++) if (bytes[at] === BACKSLASH) return 'escaped';
  const isBatch =
    cursor.at - 1 - start === BATCH.length && BATCH.every((byte, at) => bytes[start + at] === byte);
  return isBatch ? 'batch' : 'other';
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
  const first = bytes[start] as number;
  let depth = 0;
  if (isOpen(first)) depth = skipContainer(cursor, outer);
  else if (first === QUOTE) cursor.at = endOfString(bytes, start + 1, bytes.length);
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
    if (isOpen(bytes[at] as number)) depth++;
    else depth--;
    if (depth > deepest) deepest = depth;
    at++;
    if (depth > 0) at = nextBracket(bytes, at, length);
  } while (depth > 0 && at < length && outer + deepest <= limits.maxDepth);
  cursor.at = at;
  cursor.deepest = Math.max(cursor.deepest, outer + deepest);
  if (outer + deepest > limits.maxDepth) cursor.fault = 'too_deep';
  return deepest;
}

/** The next bracket that stands in no string, from `from` on; every byte of every event passes here. */
function nextBracket(bytes: Uint8Array, from: number, length: number): number {
  let at = from;
  while (at < length) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfString(bytes, at + 1, length);
    else if (byte >= OPEN_ARRAY && (isOpen(byte) || isClose(byte))) return at;
    else at++;
  }
  return length;
}

/** Behind the closing quote of the string whose first character is at `from`. */
function endOfString(bytes: Uint8Array, from: number, length: number): number {
  let at = from;
  while (at < length) {
    const byte = bytes[at++] as number;
    if (byte === QUOTE) break;
    if (byte === BACKSLASH) at++;
  }
  return Math.min(at, length);
}

function isOpen(byte: number): boolean {
  return byte === OPEN_OBJECT || byte === OPEN_ARRAY;
}

function isClose(byte: number): boolean {
  return byte === CLOSE_OBJECT || byte === CLOSE_ARRAY;
}

/** Numbers and words end before the next white space, comma or bracket; it moves at least by one. */
function skipScalar(cursor: Cursor): void {
  const { bytes } = cursor;
  do cursor.at++;
  while (cursor.at < bytes.length && isScalarByte(bytes[cursor.at] as number));
}

function isScalarByte(byte: number): boolean {
  return byte > 0x20 && byte !== COMMA && byte !== QUOTE && !isOpen(byte) && !isClose(byte);
}

function skipSpace(cursor: Cursor): void {
  const { bytes } = cursor;
  while (cursor.at < bytes.length && isSpace(bytes[cursor.at] as number)) cursor.at++;
}

/** JSON's white space: space, tab, line feed, carriage return. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
