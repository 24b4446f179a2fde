/** Braze's documented limits, checked before anything is sent: what it would refuse, and what it would drop or change. */
import { type Rejected, rejected } from '../src/model/outcome.ts';

/** Braze: an external id of 988 bytes or more is refused (EXTERNAL_USER_ID_TOO_LARGE, /users/track docs). */
export const MAX_EXTERNAL_ID_BYTES = 987;

/** The rejection of an external id that Braze would refuse, or undefined. `path` is where the id stands. */
export function externalIdTooLong(externalId: string, path = 'userId'): Rejected | undefined {
  // UTF-8 needs at most three bytes for a unit of UTF-16: short ids are not measured.
  if (externalId.length * 3 <= MAX_EXTERNAL_ID_BYTES) return undefined;
  const bytes = Buffer.byteLength(externalId);
  if (bytes <= MAX_EXTERNAL_ID_BYTES) return undefined;
  const message = `expected an external id of at most ${MAX_EXTERNAL_ID_BYTES} bytes, got ${bytes}`;
  return rejected('invalid', 'external_id_too_long', message, [{ path, message }]);
}
