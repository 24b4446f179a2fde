/** Operations for tests, by kind and person. */
import type { Operation, OperationKind } from '../../src/model/operation.ts';

export function operation(kind: OperationKind, keys: string | readonly string[], text = '{}'): Operation {
  return {
    kind,
    keys: typeof keys === 'string' ? [keys] : keys,
    text,
    bytes: Buffer.byteLength(text),
    part: `${kind}:0`,
  };
}
