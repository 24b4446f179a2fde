/** What stands for an id in the memory of a guard against duplicates. */
import { hash } from 'node:crypto';

/** SHA-256 as a binary string. Lone surrogates are escaped first: hashed as UTF-8 they would all be the same. */
export function digestOf(id: string): string {
  return hash('sha256', id.isWellFormed() ? id : JSON.stringify(id), 'binary');
}
