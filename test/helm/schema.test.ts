/** What of the chart is made from something else agrees with it, without any Helm: schema, table, versions, constants. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { chartSchema } from '../../scripts/helm/chart-schema.ts';
import { secretKeys } from '../../scripts/helm/config-schema.ts';
import { CHART, CI_NAMES, ciFile } from '../../scripts/helm/render.ts';
import { valueRows, withTable } from '../../scripts/helm/values-table.ts';
import { CONFIG_SCHEMA } from '../../src/config/schema.ts';
import type { Schema } from '../../src/config/schema-terms.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(CHART, path), 'utf8');
const VALUES = parse(read('values.yaml'));
const HOW = 'node scripts/helm.ts makes it anew';

type Mapping = Readonly<Record<string, unknown>>;
const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As Helm lays a user's values over the chart's. */
function merge(below: unknown, above: unknown): unknown {
  if (!isMapping(below) || !isMapping(above)) return above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, key in above ? merge(below[key], above[key]) : below[key]]),
  );
}

// Not optimised: it is asked a dozen times only.
const validate = new Ajv({ strict: false, allErrors: true, code: { optimize: false } }).compile(
  JSON.parse(read('values.schema.json')),
);

function complaintsAbout(values: unknown): string[] {
  if (validate(values)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/** `a.b` for every key of a schema that is a mapping of known keys. */
function keysOf(schema: Mapping, path = ''): string[] {
  return Object.entries((schema.properties ?? {}) as Readonly<Record<string, Mapping>>).flatMap(
    ([key, part]) => {
      const at = path === '' ? key : `${path}.${key}`;
      return part.properties ? keysOf(part, at) : [at];
    },
  );
}

function has(values: unknown, path: string): boolean {
  return path.split('.').every((key) => {
    const found = isMapping(values) && key in values;
    if (found) values = (values as Mapping)[key];
    return found || (isMapping(values) && Object.keys(values).length === 0);
  });
}

describe('values.schema.json', () => {
  it("is what the chart's schema and the configuration's schema make", () => {
    expect(JSON.parse(read('values.schema.json')), HOW).toEqual(JSON.parse(JSON.stringify(chartSchema())));
  });

  it('takes the defaults and every values file of ci/', () => {
    expect(complaintsAbout(VALUES)).toEqual([]);
    for (const name of CI_NAMES) {
      const values = merge(VALUES, parse(readFileSync(ciFile(name), 'utf8')));
      expect(complaintsAbout(values), name).toEqual([]);
    }
  });

  it('has for every key of its own a default in values.yaml', () => {
    const own = keysOf(chartSchema() as Mapping).filter(
      (key) => !/^(config\.(log|http|admin|deadLetters)\b|global$)/.test(key),
    );
    expect(own.length).toBeGreaterThan(100);
    expect(own.filter((key) => !has(VALUES, key))).toEqual([]);
  });

  it.each(['server', 'ingest', 'worker'])('gives %s the same keys as the other components', (component) => {
    const keys = (section: Mapping): string[] =>
      Object.entries(section).flatMap(([key, value]) =>
        ['autoscaling', 'keda', 'podDisruptionBudget'].includes(key) ? Object.keys(value as Mapping) : [key],
      );
    expect(keys(VALUES[component]).sort()).toEqual(keys(VALUES.server).sort());
  });
});

describe('the templates', () => {
  it('know every key that holds a secret', () => {
    const [, listed = ''] =
      /define "brazier.secretKeys" -}}\n(.*)\n/.exec(read('templates/_config.tpl')) ?? [];
    expect(new Set(listed.split(' '))).toEqual(secretKeys());
  });

  it('count with the time that the server takes to drain', () => {
    const serve = readFileSync(join(ROOT, 'src/cli/serve.ts'), 'utf8');
    expect(serve).toContain('DRAIN_DEADLINE_MS = 25_000');
    expect(read('templates/_guards.tpl')).toContain('25 s to drain and 5 s to close');
  });

  it("fall back on the configuration's own defaults", () => {
    const { then: kafka, else: embedded } = CONFIG_SCHEMA.properties?.log ?? {};
    const defaultOf = (form: Schema | undefined, key: string) => form?.properties?.[key]?.default;
    expect(read('templates/_guards.tpl')).toContain(`dig "maxBytes" ${defaultOf(embedded, 'maxBytes')} `);
    expect(read('templates/_keda.tpl')).toContain(`$log.topic | default "${defaultOf(kafka, 'topic')}"`);
    expect(read('templates/_keda.tpl')).toContain(
      `$log.groupPrefix | default "${defaultOf(kafka, 'groupPrefix')}"`,
    );
  });
});

describe('README.md of the chart', () => {
  it('has the table of values.yaml', () => {
    expect(read('README.md'), HOW).toBe(withTable(read('README.md'), read('values.yaml')));
  });

  it('explains every key, but for those of ingest and worker that are as those of server', () => {
    const explained = new Set(valueRows(read('values.yaml')).map(({ path }) => path));
    /** A key by itself, or as a part of what is explained as a whole. */
    const isExplained = (key: string): boolean =>
      explained.has(key) || (key.includes('.') && explained.has(key.slice(0, key.lastIndexOf('.'))));
    const keys = keysOf(chartSchema() as Mapping)
      .filter((key) => !/^(config\..*|global)$/.test(key))
      .map((key) => key.replace(/^(ingest|worker)\./, 'server.').replace('podMonitor.', 'serviceMonitor.'));
    expect(keys.filter((key) => !isExplained(key))).toEqual([]);
  });
});

describe('Chart.yaml', () => {
  it('has the version of the project as its appVersion', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(parse(read('Chart.yaml')).appVersion).toBe(version);
  });
});
