/** The examples of docs/mappings.md, taken from the page and run: rules, an event, and what becomes of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import table from '../mappings/attributes.json' with { type: 'json' };
import { createPreview } from '../src/cli/preview.ts';
import { MAPPING_RULE, MAPPINGS } from '../src/config/mapping-schema.ts';
import { parseSettings } from '../src/config/settings.ts';
import type { Json } from '../src/model/json.ts';
import { CONVERSION_NAMES } from '../src/model/settings.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../docs/mappings.md'), 'utf8');

interface Block {
  /** What stands behind the three backticks, e.g. `yaml mappings`. */
  readonly marker: string;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  return [...page.matchAll(/^```([^\n]+)\n(.*?)\n```$/gms)].map(([, marker = '', text = '']) => ({
    marker,
    text,
  }));
}

const BLOCKS = blocksOf(PAGE);

interface Example {
  readonly mappings: Json;
  /** Settings that are switched on, named in the marker. */
  readonly switched: readonly string[];
  readonly event: Json;
  readonly answer: Json;
}

/** An event has the mappings before it, which may stand before several, and the answer behind it. */
function examplesOf(blocks: readonly Block[]): Example[] {
  let rules: Block | undefined;
  return blocks.flatMap((block, index) => {
    if (block.marker.startsWith('yaml mappings')) rules = block;
    if (block.marker !== 'json event') return [];
    const next = blocks[index + 1];
    if (!rules || next?.marker !== 'json answer') throw new Error(`no whole example: ${block.text}`);
    const switched = rules.marker.split(' ').slice(2);
    const event: Json = JSON.parse(block.text);
    return [{ mappings: parse(rules.text), switched, event, answer: JSON.parse(next.text) }];
  });
}

/** Of the command `transform`, without the message id and without an empty list of warnings. */
function answerTo({ mappings, switched, event }: Omit<Example, 'answer'>): Json {
  const parsed = parseSettings({ mappings, ...Object.fromEntries(switched.map((name) => [name, true])) });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const preview = createPreview({ ...parsed, receivedAt: () => '2026-05-01T12:00:00.000Z' });
  const { messageId, warnings, ...answer } = JSON.parse(preview(Buffer.from(JSON.stringify(event))) ?? '{}');
  expect(messageId).toBeNull();
  return { ...answer, ...(warnings?.length > 0 ? { warnings } : {}) };
}

function convert(name: string, given: Json): Json {
  const mappings = { attributes: [{ from: 'given', to: 'value', convert: name }] };
  return answerTo({
    mappings,
    switched: [],
    event: { type: 'identify', userId: 'u', traits: { given, a: 1 } },
  });
}

describe('docs/mappings.md', () => {
  const examples = examplesOf(BLOCKS);

  it.each(examples.map((example) => [JSON.stringify(example.mappings), example] as const))(
    'the example %s becomes what the page says',
    (_, { answer, ...example }) => {
      expect(answerTo(example)).toEqual(answer);
    },
  );

  it('has an example for every list and every member of a rule', () => {
    const rules = BLOCKS.filter(({ marker }) => marker.startsWith('yaml mappings')).map(({ text }) => text);
    for (const list of Object.keys(MAPPINGS.properties ?? {})) {
      expect(rules.filter((text) => text.includes(`${list}:`))).not.toEqual([]);
    }
    // A file would have to be there.
    for (const member of Object.keys(MAPPING_RULE.properties ?? {}).filter((name) => name !== 'saltFile')) {
      expect(rules.filter((text) => text.includes(`${member}: `))).not.toEqual([]);
    }
  });

  const rows = [...PAGE.matchAll(/^\| `([a-z0-9]+)` \| `(.+?)` \| (.+) \|$/gm)].filter(([, name]) =>
    CONVERSION_NAMES.some((each) => each === name),
  );

  it.each(rows.map(([, name = '', given = '', becomes = '']) => [name, given, becomes] as const))(
    '%s of %s: %s',
    (name, given, becomes) => {
      const answer = convert(name, JSON.parse(given));
      const value = /^`(.+)`$/.exec(becomes)?.[1];
      if (value !== undefined)
        expect(answer).toHaveProperty('requests.0.body.attributes.0.value', JSON.parse(value));
      else {
        const warning = {
          code: 'conversion_failed',
          message: `${becomes.slice('left out: '.length)}: left out`,
        };
        expect(answer).toMatchObject({ warnings: [{ ...warning, path: 'traits.given' }] });
        expect(answer).not.toHaveProperty('requests.0.body.attributes.0.value');
      }
    },
  );

  it('shows every conversion', () => {
    expect(new Set(rows.map(([, name]) => name))).toEqual(new Set(CONVERSION_NAMES));
  });

  it('says of the refused rules what the start says', () => {
    const refused = BLOCKS.find(({ marker }) => marker === 'yaml refused');
    const problems = BLOCKS.find(({ marker }) => marker === 'text problems');
    const parsed = parseSettings({ mappings: parse(refused?.text ?? '') });
    const said = parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
    expect(said.join('\n')).toBe(problems?.text);
  });

  it('names every reserved name of attributes', () => {
    for (const name of table.reserved) expect(PAGE).toContain(`\`${name}\``);
  });

  it('has no block that is not run', () => {
    const known = /^(yaml (mappings( \w+)*|refused)|json (event|answer)|text problems)$/;
    expect(BLOCKS.filter(({ marker }) => !known.test(marker))).toEqual([]);
    expect(BLOCKS.length * 2).toBe([...PAGE.matchAll(/^```/gm)].length);
    expect(examples.length).toBeGreaterThan(8);
  });
});
