/** What this is a version of: package.json is the only place that says so. */
import { readFileSync } from 'node:fs';

/** The version in package.json, e.g. `0.1.0`. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version;
