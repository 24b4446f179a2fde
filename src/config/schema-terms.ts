/** Terms that several parts of the configuration's schema share. */
import type { Schema } from './settings-schema.ts';

export const TEXT = { type: 'string', minLength: 1 } as const;

export const FILE = { ...TEXT, expects: 'the path of a file' } as const;

export const ID: Schema = {
  type: 'string',
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  expects: 'a name of at most 64 letters, digits, dots, dashes and underscores',
};
