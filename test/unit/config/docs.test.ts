import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { DATA_CENTERS, originOf } from '../../../src/config/data-centers.ts';
import { EVENT_RULE, MAPPING_RULE } from '../../../src/config/mapping-schema.ts';
import { CONFIG_SCHEMA } from '../../../src/config/schema.ts';
import type { Schema } from '../../../src/config/schema-terms.ts';
import { describeExpected } from '../../../src/config/validator.ts';

const DOC = readFileSync(join(import.meta.dirname, '../../../docs/configure.md'), 'utf8');

interface Key {
  readonly path: string;
  readonly schema: Schema;
}

/** The keys of a mapping; where it has two forms, of both, once each. */
function membersOf({ properties = {}, then: met, else: unmet }: Schema): [string, Schema][] {
  const members = [properties, met?.properties ?? {}, unmet?.properties ?? {}].flatMap(
    Object.entries<Schema>,
  );
  const isFirst = ([name, schema]: [string, Schema], index: number) =>
    members.findIndex(([other, its]) => other === name && its === schema) === index;
  return members.filter(isFirst);
}

/** Every key that takes a value: `http.port`, `destinations[].rateLimit.requests`. */
function keysOf(schema: Schema, path = ''): Key[] {
  return membersOf(schema).flatMap(([name, member]) => {
    const at = path === '' ? name : `${path}.${name}`;
    // A list that is explained as a whole has an example of its own.
    if (member.examples !== undefined) return [{ path: at, schema: member }];
    if (membersOf(member).length > 0) return keysOf(member, at);
    if (member.items?.properties !== undefined) return keysOf(member.items, `${at}[]`);
    return [{ path: at, schema: member }];
  });
}

const keys = [...keysOf(CONFIG_SCHEMA), ...keysOf(MAPPING_RULE), ...keysOf(EVENT_RULE)];
const served = keys.filter(({ schema }) => schema.noEffect !== true);

/** The row that docs/configure.md has for a key: a failing test prints it, ready to be pasted. */
function rowOf({ path, schema }: Key): string {
  const fallback = schema.default === undefined ? '–' : `\`${String(schema.default)}\``;
  const example = stringify(schema.examples?.[0], { collectionStyle: 'flow', lineWidth: 0 }).trim();
  return `| \`${path}\` | ${describeExpected(schema)} | ${fallback} | \`${example}\` | ${schema.description} |`;
}

test('the schema is one of JSON Schema, draft 7', () => {
  const ajv = new Ajv({ strict: false });
  expect(ajv.validateSchema({ ...CONFIG_SCHEMA })).toBe(true);
  expect(ajv.validateSchema({ ...CONFIG_SCHEMA, minItems: 'many' })).toBe(false);
});

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

  test('names every RudderStack setting that has no effect', () => {
    const others = keys.filter(({ schema }) => schema.noEffect === true);
    expect(others.length).toBeGreaterThan(10);
    for (const { path } of others) expect(DOC).toContain(`\`${path.replace('destinations[].', '')}\``);
  });

  test.each(DATA_CENTERS)('has the data centre %s', (name) => {
    expect(DOC).toContain(`| ${name} | \`${originOf(name)}\` |`);
  });
});
