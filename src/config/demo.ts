/** The configuration of the demo, when none is given: everything on this machine, nothing leaves it. */
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Config } from './config.ts';
import { DEFAULT_DATA_PATH } from './data-folder.ts';
import { parseConfig } from './load.ts';
import { formatProblem } from './problem.ts';
import { readOrMakeSecret } from './secret-file.ts';

export interface DemoOptions {
  /** Origin of the running sandbox, e.g. `http://127.0.0.1:4800`. */
  readonly sandboxUrl: string;
  readonly sandboxApiKey: string;
  /** Default `./data`. */
  readonly dataPath?: string;
  /** Default 8080; 0 takes a free one. */
  readonly httpPort?: number;
  /** Default 8081; 0 takes a free one. */
  readonly adminPort?: number;
}

/**
 * One source `demo`, whose write key is made at the first start and kept in the data folder, and one
 * destination `sandbox`. Throws `FileFault` when the data folder cannot be written.
 */
export function demoConfig(options: DemoOptions): Config {
  const {
    sandboxUrl,
    sandboxApiKey,
    dataPath = DEFAULT_DATA_PATH,
    httpPort = 8080,
    adminPort = 8081,
  } = options;
  const written = {
    http: { port: httpPort },
    admin: { port: adminPort },
    log: { path: dataPath },
    sources: [{ id: 'demo', writeKey: readOrMakeSecret(join(dataPath, 'write-key')) }],
    // From the beginning: events sent before the destination was first read are part of the demo.
    destinations: [
      { id: 'sandbox', restEndpoint: sandboxUrl, restApiKey: sandboxApiKey, start: 'beginning' },
    ],
  };
  // Through the same door as a file, so that the demo's defaults are the documented ones.
  const loaded = parseConfig('the demo', stringify(written), {});
  if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded.config;
}
