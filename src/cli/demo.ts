/** What `serve` does without a configuration: a sandbox in place of Braze, and a page of plain words about it. */
import type { Config } from '../config/config.ts';
import { DEFAULT_DATA_PATH } from '../config/data-folder.ts';
import { CommandError } from './command-error.ts';

export interface DemoPlace {
  readonly sandboxPort: number;
  readonly httpPort: number;
  readonly adminPort: number;
  readonly dataPath: string;
}

/** Where the README's commands find the demo. */
const DEMO_PLACE: DemoPlace = {
  sandboxPort: 4800,
  httpPort: 8080,
  adminPort: 8081,
  dataPath: DEFAULT_DATA_PATH,
};

export interface Demo {
  readonly config: Config;
  /** What runs where, and what to try. */
  welcome(http: string): string;
  stop(): Promise<void>;
}

/** Starts the sandbox and makes the configuration that points to it. Throws `CommandError` when it cannot. */
export async function startDemo(place = DEMO_PLACE): Promise<Demo> {
  const { createSandbox } = await import('../sandbox/server.ts');
  const { demoConfig } = await import('../config/demo.ts');
  const sandbox = createSandbox({ port: place.sandboxPort });
  const { url } = await sandbox.listen().catch((error: NodeJS.ErrnoException) => {
    const what =
      error.code === 'EADDRINUSE' ? 'is taken: stop the demo or sandbox that runs there' : error.message;
    throw new CommandError(`port ${place.sandboxPort} for the demo's local Braze ${what}`);
  });
  try {
    const config = demoConfig({ ...place, sandboxUrl: url, sandboxApiKey: 'demo-rest-api-key' });
    return { config, welcome: (http) => welcome(http, config, url), stop: () => sandbox.close() };
  } catch (error) {
    await sandbox.close();
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

function welcome(http: string, config: Config, sandboxUrl: string): string {
  const writeKey = config.sources[0]?.writeKeys[0] ?? '';
  return `
This is the demo: events go to a local stand-in for Braze, nothing leaves this machine.

  events in     ${http}   write key ${writeKey}
  local Braze   ${sandboxUrl}   (its users are forgotten when it stops)
  data          ${config.log.path}   (the log and the write key; delete it to begin anew)

Try it from another terminal:

  curl -u ${writeKey}: ${http}/v1/track \\
    -d '{"userId":"kim","event":"Lamp Lit","properties":{"lumen":800}}'
  curl ${sandboxUrl}/_sandbox/users

For a real Braze: npm run -s brazier -- serve --config brazier.yaml   (examples/brazier.yaml, docs/configure.md)
Ctrl-C stops it.
`;
}
