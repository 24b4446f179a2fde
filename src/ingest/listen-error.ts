/** Says in one line why the server cannot listen and what to do about it. */

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken by another process: stop that process, or set http.port to a free port',
  EACCES: 'not permitted: set http.port to 1024 or above, or give the process the right to use it',
  EADDRNOTAVAIL: 'this machine has no such address: set http.host to one of its own, or to 0.0.0.0 for all',
  ENOTFOUND: 'the host name is not known: set http.host to an address of this machine',
};

/** An error whose message is complete: it needs no stack to be understood. */
export function listenError(error: unknown, host: string, port: number): Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const why = ADVICE[code] ?? (error as Error).message;
  return new Error(`cannot listen for events on ${host}:${port}: ${why}`, { cause: error });
}
