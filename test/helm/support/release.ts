/** A rendered release as files on this machine, so that the real commands can read what its pods would read. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Rendered } from '../../../scripts/helm/render.ts';
import { FOLDER_PREFIX } from '../../support/server-process.ts';

export interface ReleaseFiles {
  readonly folder: string;
  readonly configFile: string;
  /** The configuration as the ConfigMap has it. */
  readonly text: string;
  /** For each variable that the configuration refers to, something. */
  readonly env: Readonly<Record<string, string>>;
  /** Where a file that the pod sees stands here. */
  placeOf(path: string): string;
  remove(): void;
}

/** Files that the release's Secret holds have its values, those of other Secrets and volumes something made up. */
export function layOut(objects: readonly Rendered[]): ReleaseFiles {
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  const text = configTextOf(objects);
  const secrets = secretsOf(objects);
  const places = new Map<string, string>();
  for (const [index, path] of filesIn(parse(text)).entries()) {
    const place = join(folder, `file-${index}`);
    const name = path.split('/').at(-1) ?? '';
    // An address is looked at, the other secrets are anything.
    const madeUp = `${name.endsWith('.url') ? 'https://' : ''}made-up-secret-${index}`;
    writeFileSync(place, secrets.get(name) ?? madeUp);
    places.set(path, place);
  }
  const configFile = join(folder, 'brazier.yaml');
  const data = join(folder, 'data');
  mkdirSync(data);
  places.set('/var/lib/brazier', data);
  writeFileSync(
    configFile,
    [...places].reduce((done, [path, place]) => replacePath(done, path, place), text),
  );
  const names = [...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? '');
  return {
    folder,
    configFile,
    text,
    env: Object.fromEntries(names.map((name) => [name, `made-up-${name}`])),
    placeOf: (path) => places.get(path) ?? '',
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function configTextOf(objects: readonly Rendered[]): string {
  const texts = objects.flatMap(({ kind, data }) =>
    kind === 'ConfigMap' ? [(data as Readonly<Record<string, string>>)['brazier.yaml'] ?? ''] : [],
  );
  return texts.find((text) => text !== '') ?? '';
}

/** Everything that the release's own Secrets hold, in the clear. */
export function secretsOf(objects: readonly Rendered[]): Map<string, string> {
  const entries = objects
    .filter(({ kind }) => kind === 'Secret')
    .flatMap(({ data }) => Object.entries(data as Readonly<Record<string, string>>));
  return new Map(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]));
}

/** Whole values only: `…/writeKey.1` must not take `…/writeKey.10` along. */
function replacePath(text: string, path: string, place: string): string {
  return text
    .split('\n')
    .map((line) => (line.endsWith(` ${path}`) ? line.slice(0, -path.length) + place : line))
    .join('\n');
}

/** The values of all keys that name a file. */
function filesIn(value: unknown, key = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => filesIn(each, key));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, member]) => filesIn(member, name));
  }
  return typeof value === 'string' && key.endsWith('File') ? [value] : [];
}
