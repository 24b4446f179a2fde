/** Who tells: this process, as messages name it. */
import type { Config } from '../config/config.ts';
import { VERSION } from '../config/version.ts';

export interface Teller {
  /** What the operator calls this Brazier. */
  readonly name: string;
  /** The host's name: of several processes each tells of itself. */
  readonly instance: string;
  readonly role: string;
  readonly version: string;
  /** Where the pages of the alerts are, ending with a slash. */
  readonly runbooks: string;
}

/** Where the pages are in the repository. */
const PAGES = 'docs/operate/alerts/';

export function tellerOf({ alerts, role }: Pick<Config, 'alerts' | 'role'>, instance: string): Teller {
  const { name, runbookBaseUrl } = alerts;
  const base = runbookBaseUrl === null ? '' : `${runbookBaseUrl}/`;
  return { name, instance, role, version: VERSION, runbooks: `${base}${PAGES}` };
}
