/** What a values file of ci/ renders with Helm 4, with other values over it or without; the same is rendered once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ciFile, type HelmAnswer, objectsOf, type Rendered, template } from '../../../scripts/helm/render.ts';
import { HELM_VERSIONS } from '../../../scripts/helm/tools.ts';
import { FOLDER_PREFIX } from '../../support/server-process.ts';

export type Values = Readonly<Record<string, unknown>>;

const memory = new Map<string, Rendered[]>();

/** Helm's answer as it is, a refusal too. */
export function ask(version: string, name: string, values: Values): HelmAnswer {
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  const file = join(folder, 'values.yaml');
  writeFileSync(file, stringify(values));
  try {
    return template(version, [ciFile(name), file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Throws with Helm's own words when it refuses. */
export function rendered(name: string, values: Values = {}): Rendered[] {
  const key = JSON.stringify([name, values]);
  const known = memory.get(key);
  if (known) return known;
  const { ok, stdout, stderr } = ask(HELM_VERSIONS[1], name, values);
  if (!ok) throw new Error(`${name}: ${stderr}`);
  const objects = objectsOf(stdout);
  memory.set(key, objects);
  return objects;
}
