/** Braze's address as configured: an origin, and nothing that would end up in a log or go astray. */

export type CheckedEndpoint =
  | { readonly ok: true; readonly origin: string; readonly warning: string | null }
  | { readonly ok: false; readonly message: string };

const EXAMPLE = 'https://rest.fra-01.braze.eu';

/** Messages never repeat the text: a key pasted into an address must not be printed. */
export function checkRestEndpoint(text: string): CheckedEndpoint {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return refuse('found something that is not an http or https address');
  }
  if (url.username !== '' || url.password !== '')
    return refuse('found a user name or password in the address');
  if (url.pathname !== '/' || text.includes('?') || text.includes('#')) {
    return refuse('found a path, query or fragment in the address');
  }
  if (/^sdk\..*\.braze\.(com|eu)$/.test(url.hostname))
    return refuse("found the host of Braze's SDK endpoint");
  const isSafe = url.protocol === 'https:' || isLoopback(url.hostname);
  return { ok: true, origin: url.origin, warning: isSafe ? null : PLAIN_HTTP };
}

const PLAIN_HTTP =
  'found http to another machine: the API key and all personal data travel unencrypted, expected https';

function refuse(found: string): CheckedEndpoint {
  return { ok: false, message: `${found}, expected an origin such as ${EXAMPLE}` };
}

export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
  );
}
