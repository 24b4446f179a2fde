/** The local Braze on a loopback port: judges requests as Braze documents it, keeps profiles, injects faults on demand. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBraze } from './braze.ts';
import type { FaultRule } from './fault-rules.ts';
import type { SandboxOptions } from './options.ts';
import type { SandboxUser } from './profile.ts';
import type { RecordedRequest } from './record.ts';

export type { FaultRule, RecordedRequest, SandboxOptions, SandboxUser };

export interface Sandbox {
  /** Rejects with the system's error when the port cannot be had. */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /** Cuts open connections, forgets what was not applied yet. */
  close(): Promise<void>;
  users(): SandboxUser[];
  /** The last `keep` Braze requests, oldest first. */
  requests(): RecordedRequest[];
  /** Throws a TypeError that names the field of a bad rule. */
  addFaults(rules: readonly FaultRule[]): void;
  clearFaults(): void;
  /** As after the start: no profiles, no requests, no faults, nothing waiting, fresh rate windows. */
  reset(): void;
  /** Applies everything that was accepted and waits. */
  flush(): void;
}

const DEFAULT_KEEP_ALIVE_MS = 60_000;

/** Throws when the record file cannot be opened. Nothing listens before `listen`. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const braze = createBraze(options);
  const host = options.host ?? '127.0.0.1';
  const server = createServer(
    { keepAliveTimeout: options.keepAliveTimeoutMs ?? DEFAULT_KEEP_ALIVE_MS, keepAliveTimeoutBuffer: 0 },
    braze.onRequest,
  );
  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port ?? 0, host, () => {
          server.off('error', reject);
          const { port } = server.address() as AddressInfo;
          resolve({ url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port });
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          braze.close();
          resolve();
        });
        server.closeAllConnections();
      }),
    ...braze.actions,
  };
}
