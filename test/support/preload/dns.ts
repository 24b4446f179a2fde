/** Preloaded into a process (`--import`): host names resolve as a file says, so that DNS faults never leave the machine. */
import dns from 'node:dns';
import { readFileSync } from 'node:fs';

type Done = (error: NodeJS.ErrnoException | null, address?: unknown, family?: number) => void;

const real = dns.lookup as (host: string, options: object, done: Done) => void;

/** The file: a JSON object of host names, each with its address, or the code with which it does not resolve. */
function lookup(host: string, options: { all?: boolean }, done: Done): void {
  const answers = JSON.parse(readFileSync(String(process.env.TEST_DNS_FILE), 'utf8')) as Record<
    string,
    string
  >;
  const answer = answers[host];
  if (answer === undefined) real(host, options, done);
  else if (/^\d/.test(answer)) {
    setImmediate(() => (options.all ? done(null, [{ address: answer, family: 4 }]) : done(null, answer, 4)));
  } else {
    const error = Object.assign(new Error(`getaddrinfo ${answer} ${host}`), {
      code: answer,
      syscall: 'getaddrinfo',
    });
    setImmediate(() => done(error));
  }
}

dns.lookup = lookup as typeof dns.lookup;
