/** Makes an operation of a Braze object: stringified once, measured once. */
import type { Operation, OperationKind } from '../src/model/operation.ts';

/**
 * `position` counts the operations of this kind within the event. Members that are undefined do not appear in
 * the text, so that one literal serves every shape of a Braze object.
 */
export function createOperation(
  kind: OperationKind,
  position: number,
  keys: readonly string[],
  object: object,
): Operation {
  return operationOf(kind, position, keys, JSON.stringify(object));
}

/** As `createOperation`, of the object's JSON text. */
export function operationOf(
  kind: OperationKind,
  position: number,
  keys: readonly string[],
  text: string,
): Operation {
  return { kind, keys, text, bytes: Buffer.byteLength(text), part: `${kind}:${position}` };
}
