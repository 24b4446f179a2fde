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
  const text = JSON.stringify(object);
  return { kind, keys, text, bytes: Buffer.byteLength(text), part: `${kind}:${position}` };
}
