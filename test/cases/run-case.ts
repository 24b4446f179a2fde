/** One golden case: an event and settings in, the answer of the transform command out. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPreview } from '../../src/cli/preview.ts';
import { parseSettings } from '../../src/config/settings.ts';
import type { Json } from '../../src/model/json.ts';

export interface GoldenCase {
  readonly event: Json;
  readonly settings: Json;
  /** Default: `RECEIVED_AT`. */
  readonly receivedAt?: string;
  readonly expected: Json;
}

export const RECEIVED_AT = '2026-05-01T12:00:00.000Z';

const FOLDER = import.meta.dirname;

/** Paths relative to the folder of the cases, e.g. `track/name-missing.json`, sorted. */
export function listCases(): string[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort();
}

export function pathOfCase(name: string): string {
  return join(FOLDER, name);
}

export function readCase(name: string): GoldenCase {
  return JSON.parse(readFileSync(pathOfCase(name), 'utf8'));
}

/** The answer as it is now. Throws when the case's settings are wrong. */
export function runCase({ event, settings, receivedAt = RECEIVED_AT }: GoldenCase): Json {
  const parsed = parseSettings(settings);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const preview = createPreview({ ...parsed, receivedAt: () => receivedAt });
  return JSON.parse(preview(Buffer.from(JSON.stringify(event))) ?? 'null');
}
