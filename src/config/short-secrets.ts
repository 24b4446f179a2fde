/** Secrets that are too short to be any, wherever the schema has one: in the configuration, or in a file that it names. */
import { isObject } from '../model/json.ts';
import { LEAST_SECRET_CHARACTERS } from '../model/secret.ts';
import { FileFault } from './file-fault.ts';
import type { Findings } from './findings.ts';
import { CONFIG_SCHEMA } from './schema.ts';
import { formOf, type Schema } from './schema-terms.ts';
import { readSecretFile } from './secret-file.ts';
import type { Path } from './validator.ts';

const TOO_SHORT = `found fewer than ${LEAST_SECRET_CHARACTERS} characters, expected a longer one: a key this short is no secret, and is not masked in log lines`;

/** Warns of each. The value is the whole configuration, right or wrong. */
export function warnOfShortSecrets(value: unknown, { warnings }: Findings): void {
  for (const { secret, path } of secretsIn(value, CONFIG_SCHEMA, [])) {
    if (secret.length < LEAST_SECRET_CHARACTERS) warnings.push({ path, message: TOO_SHORT });
  }
}

interface Found {
  readonly secret: string;
  /** Of the secret, or of the file's name. */
  readonly path: Path;
}

function* secretsIn(value: unknown, schema: Schema, path: Path): Generator<Found> {
  const { properties = {}, items } = formOf(schema, value);
  if (Array.isArray(value) && items) {
    for (const [index, item] of value.entries()) yield* secretsIn(item, items, [...path, index]);
  }
  if (!isObject(value)) return;
  for (const [key, member] of Object.entries(properties)) {
    const at = [...path, key];
    if (formOf(member, value[key]).secret === true) {
      yield* textsIn(value[key], at);
      yield* inFiles(value[`${key}File`], [...path, `${key}File`]);
    } else if (key === 'tokenFile') yield* inFiles(value[key], at);
    else yield* secretsIn(value[key], member, at);
  }
}

/** One text, or those of a list. */
function textsIn(value: unknown, path: Path): Found[] {
  if (typeof value === 'string') return [{ secret: value, path }];
  return Array.isArray(value) ? value.flatMap((item, index) => textsIn(item, [...path, index])) : [];
}

/** One that cannot be read is told where it is used. */
function inFiles(value: unknown, path: Path): Found[] {
  return textsIn(value, path).flatMap(({ secret: file, path: at }) => {
    try {
      return [{ secret: readSecretFile(file), path: at }];
    } catch (error) {
      if (error instanceof FileFault) return [];
      throw error;
    }
  });
}
