/** Starts a sandbox on a free loopback port for a test. */
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/server.ts';

export interface RunningSandbox {
  /** Origin without a trailing slash, e.g. `http://127.0.0.1:41234`. */
  readonly url: string;
  readonly sandbox: Sandbox;
  close(): Promise<void>;
}

/** Close it at the end of the test: `close` cuts what is still open and returns at once. */
export async function startSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const sandbox = createSandbox(options);
  const { url } = await sandbox.listen();
  return { url, sandbox, close: () => sandbox.close() };
}
