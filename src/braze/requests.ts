/** Packs operations of one endpoint into request bodies within Braze's limits; a body is a join of texts. */
import { type Endpoint, endpointOf, type Operation } from '../model/operation.ts';
import { ARRAYS, OBJECTS_PER_REQUEST, PHASE, REQUEST_BYTES } from './endpoints.ts';

/** `combined`: 75 objects of all kinds in a track request; `perArray`: 75 of each (legacy contracts). */
export type Packing = 'combined' | 'perArray';

/** The brackets, commas and array names around the objects: generous, so that a body never exceeds the cap. */
const FRAME_BYTES = 256;

/** What a request holds so far. Says whether one more fits; knows nothing of persons or order. */
export interface Load {
  readonly objects: number;
  fits(operations: readonly Operation[]): boolean;
  add(operation: Operation): void;
  /** No operation of any size fits any more. */
  full(): boolean;
}

export function createLoad(endpoint: Endpoint, packing: Packing): Load {
  const limit = OBJECTS_PER_REQUEST[endpoint];
  const counts = [0, 0, 0];
  let objects = 0;
  let bytes = FRAME_BYTES;
  const perArray = packing === 'perArray';
  return {
    get objects() {
      return objects;
    },
    fits(operations) {
      let size = bytes;
      for (const operation of operations) size += operation.bytes + 1;
      if (size > REQUEST_BYTES) return false;
      return perArray ? fitsEachArray(operations) : objects + operations.length <= limit;
    },
    add(operation) {
      counts[PHASE[operation.kind]] = (counts[PHASE[operation.kind]] ?? 0) + 1;
      objects += 1;
      bytes += operation.bytes + 1;
    },
    full() {
      return perArray ? counts.every((count) => count >= limit) : objects >= limit;
    },
  };

  function fitsEachArray(operations: readonly Operation[]): boolean {
    const wanted = [...counts];
    for (const { kind } of operations) wanted[PHASE[kind]] = (wanted[PHASE[kind]] ?? 0) + 1;
    return wanted.every((count) => count <= limit);
  }
}

/** The body's JSON text: each array holds its kind's objects in the order given. */
export function bodyOf(endpoint: Endpoint, operations: readonly Operation[]): string {
  const members = arraysOf(operations).map(([name, objects]) => {
    return `"${name}":[${objects.map(({ text }) => text).join(',')}]`;
  });
  return `{${members.join(',')}${endOf(endpoint)}`;
}

const [BEGIN, COMMA, END] = [0x5b, 0x2c, 0x5d];

/** The same as UTF-8, written at once: a joined text is copied, measured and copied again before it is bytes. */
export function bodyBytesOf(endpoint: Endpoint, operations: readonly Operation[]): Buffer {
  const size = operations.reduce((sum, { bytes }) => sum + bytes + 1, FRAME_BYTES);
  const body = Buffer.allocUnsafe(size);
  let at = body.write('{');
  for (const [name, objects] of arraysOf(operations)) {
    at += body.write(`${at === 1 ? '' : ','}"${name}":`, at);
    let before = BEGIN;
    for (const { text, bytes } of objects) {
      body[at] = before;
      before = COMMA;
      const written = body.write(text, at + 1);
      // What does not fit is cut off without a word.
      if (written !== bytes) return Buffer.from(bodyOf(endpoint, operations));
      at += 1 + written;
    }
    body[at] = END;
    at += 1;
  }
  return body.subarray(0, at + body.write(endOf(endpoint), at));
}

function endOf(endpoint: Endpoint): string {
  // Braze made merging the default; older workspaces still need it asked for, as RudderStack does.
  return endpoint === '/users/identify' ? ',"merge_behavior":"merge"}' : '}';
}

/** By the name of their array, in the order in which Braze processes those. */
function arraysOf(operations: readonly Operation[]): [string, Operation[]][] {
  const arrays = new Map<string, Operation[]>();
  for (const operation of operations) {
    const array = arrays.get(ARRAYS[operation.kind]);
    if (array) array.push(operation);
    else arrays.set(ARRAYS[operation.kind], [operation]);
  }
  return [...arrays].sort(byPhase);
}

const TRACK_ORDER = [ARRAYS.attributes, ARRAYS.event, ARRAYS.purchase];

function byPhase([a]: [string, unknown], [b]: [string, unknown]): number {
  return TRACK_ORDER.indexOf(a) - TRACK_ORDER.indexOf(b);
}

/** The operations of one HTTP call, in the order in which they stand in its arrays. */
export interface SentRequest {
  readonly endpoint: Endpoint;
  readonly operations: readonly Operation[];
}

export interface PackedRequest {
  readonly method: 'POST';
  readonly path: Endpoint;
  /** JSON text. */
  readonly body: string;
}

/**
 * The requests that one event's operations cause when nothing else is sent along, in sending order: a new one
 * begins where the endpoint changes, where Braze would turn their order round, or where the limits say so.
 */
export function packEvent(operations: readonly Operation[], packing: Packing): PackedRequest[] {
  const requests: PackedRequest[] = [];
  let held: Operation[] = [];
  let load: Load | undefined;
  const flush = () => {
    const [first] = held;
    if (!first) return;
    const path = endpointOf(first.kind);
    requests.push({ method: 'POST', path, body: bodyOf(path, held) });
    held = [];
  };
  for (const operation of operations) {
    const last = held.at(-1);
    if (!load || !last || !mayFollow(last, operation) || !load.fits([operation])) {
      flush();
      load = createLoad(endpointOf(operation.kind), packing);
    }
    load.add(operation);
    held.push(operation);
  }
  flush();
  return requests;
}

/** Whether Braze keeps the order of two operations of one person within one request. */
export function mayFollow(earlier: Operation, later: Operation): boolean {
  return (
    endpointOf(earlier.kind) === '/users/track' &&
    endpointOf(later.kind) === '/users/track' &&
    PHASE[later.kind] >= PHASE[earlier.kind]
  );
}
