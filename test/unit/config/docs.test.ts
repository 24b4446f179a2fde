import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { DATA_CENTERS, originOf } from '../../../src/config/data-centers.ts';
import { CONFIG_SCHEMA } from '../../../src/config/schema.ts';
import type { Schema } from '../../../src/config/settings-schema.ts';
import { describeExpected } from '../../../src/config/validator.ts';

const DOC = readFileSync(join(import.meta.dirname, '../../../docs/configure.md'), 'utf8');

interface Key {
  readonly path: string;
  readonly schema: Schema;
}

/** Every key that takes a value: `http.port`, `destinations[].rateLimit.requests`. */
function keysOf(schema: Schema, path = ''): Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const at = path === '' ? name : `${path}.${name}`;
    if (member.properties !== undefined) return keysOf(member, at);
    if (member.items?.properties !== undefined) return keysOf(member.items, `${at}[]`);
    return [{ path: at, schema: member }];
  });
}

const keys = keysOf(CONFIG_SCHEMA);
const served = keys.filter(({ schema }) => schema.unserved !== true && schema.noEffect !== true);

/** The row that docs/configure.md has for a key: a failing test prints it, ready to be pasted. */
function rowOf({ path, schema }: Key): string {
  const fallback = schema.default === undefined ? '–' : `\`${String(schema.default)}\``;
  const example = stringify(schema.examples?.[0], { collectionStyle: 'flow' }).trim();
  return `| \`${path}\` | ${describeExpected(schema)} | ${fallback} | \`${example}\` | ${schema.description} |`;
}

describe('docs/configure.md', () => {
  test.each(served)('has the row of $path as the schema says', (key) => {
    expect(key.schema.description).toBeTruthy();
    expect(key.schema.examples).toHaveLength(1);
    expect(DOC.split('\n')).toContain(rowOf(key));
  });

  test('has no row of a key that does not exist', () => {
    const documented = [...DOC.matchAll(/^\| `([a-zA-Z[\].]+)` \|.*\|.*\|.*\|.*\|$/gm)].map(
      ([, path]) => path,
    );
    expect(documented.toSorted()).toEqual(served.map(({ path }) => path).toSorted());
  });

  test('names every RudderStack setting that is not served or has no effect', () => {
    const others = keys.filter(({ schema }) => schema.unserved === true || schema.noEffect === true);
    expect(others.length).toBeGreaterThan(20);
    for (const { path } of others) expect(DOC).toContain(`\`${path.replace('destinations[].', '')}\``);
  });

  test.each(DATA_CENTERS)('has the data centre %s', (name) => {
    expect(DOC).toContain(`| ${name} | \`${originOf(name)}\` |`);
  });
});
