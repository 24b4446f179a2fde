/** Strict validation of rendered objects: Kubernetes' own schemas of a minor, and for operators' kinds their definitions. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Rendered } from '../../../scripts/helm/render.ts';
import { definitionsPath, KINDS_FOLDER } from '../../../scripts/helm/tools.ts';
import { undeclaredKeys } from './declared-keys.ts';

/** What is wrong with an object; empty when nothing is. */
export type Check = (object: Rendered) => Promise<string[]>;

interface Definition {
  readonly 'x-kubernetes-group-version-kind'?: readonly {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  }[];
}

interface Definitions {
  readonly $id: string;
  readonly $defs: Readonly<Record<string, Definition>>;
}

export function createCheck(minor: string): Check {
  const schema = JSON.parse(readFileSync(definitionsPath(minor), 'utf8')) as Definitions;
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(schema);
  const names = new Map<string, string>();
  for (const [name, definition] of Object.entries(schema.$defs)) {
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      names.set(`${group === '' ? version : `${group}/${version}`} ${kind}`, name);
    }
  }
  return async (object) => {
    const name = names.get(`${object.apiVersion} ${object.kind}`);
    if (name === undefined) return checkOperatorsKind(object);
    return complaints(ajv.getSchema(`${schema.$id}#/$defs/${name}`), object);
  };
}

function complaints(validate: ValidateFunction | undefined, object: Rendered): string[] {
  if (validate === undefined) return ['no schema'];
  if (validate(object) === true) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** The packages' modules: group → package. */
const PACKAGES: Readonly<Record<string, string>> = {
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
  'gateway.networking.k8s.io': '@kubernetes-models/gateway-api',
  'keda.sh': '@kubernetes-models/keda',
};

type Model = new (data: object) => { validate(): void };

/** Types, ranges and what must be there by the package's code, unknown keys by its declarations. */
async function checkOperatorsKind(object: Rendered): Promise<string[]> {
  const { apiVersion, kind } = object;
  const folder = PACKAGES[apiVersion.split('/')[0] ?? ''];
  if (folder === undefined) return [`nobody knows ${apiVersion} ${kind}`];
  const file = join(KINDS_FOLDER, 'node_modules', folder, apiVersion, `${kind}.js`);
  const loaded = (await import(pathToFileURL(file).href)) as Readonly<Record<string, Model>>;
  const Kind = loaded[kind];
  if (Kind === undefined) return [`nobody knows ${apiVersion} ${kind}`];
  try {
    new Kind(object).validate();
    return undeclaredKeys(object, file.replace(/\.js$/, '.d.ts')).map((path) => `${path} is not known`);
  } catch (error) {
    return [(error as Error).message];
  }
}
