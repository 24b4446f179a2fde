/** Opens a port that the configuration names, or says in one line why not and which key mends it. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

type Section = 'http' | 'admin';

const ADVICE: Readonly<Record<string, (section: Section) => string>> = {
  EADDRINUSE: (section) =>
    `the port is taken by another process: stop that process, or set ${section}.port to a free port`,
  EACCES: (section) =>
    `not permitted: set ${section}.port to 1024 or above, or give the process the right to use it`,
  EADDRNOTAVAIL: (section) =>
    `this machine has no such address: set ${section}.host to one of its own, or to 0.0.0.0 for all`,
  ENOTFOUND: (section) => `the host name is not known: set ${section}.host to an address of this machine`,
};

const PURPOSE: Readonly<Record<Section, string>> = { http: 'events', admin: 'the admin API' };

/** An expected fault of the start: its message is complete and needs no stack. */
export class ListenFault extends Error {
  constructor(section: Section, { host, port }: Address, cause: unknown) {
    const why = ADVICE[(cause as NodeJS.ErrnoException).code ?? '']?.(section) ?? (cause as Error).message;
    super(`cannot listen for ${PURPOSE[section]} on ${host}:${port}: ${why}`, { cause });
    this.name = 'ListenFault';
  }
}

/** Resolves with the address that is listened on (port 0 takes a free one). Rejects with `ListenFault`. */
export async function listenOn(server: Server, section: Section, { host, port }: Address): Promise<Address> {
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ListenFault(section, { host, port }, error);
  }
  const address = server.address() as AddressInfo;
  return { host: address.address, port: address.port };
}
