/** What stands in the data folder beside the log, and how the processes that use it find one another. */
import { join } from 'node:path';
import type { Address } from './listen.ts';

/** The demo's, and the default of `log.path`. */
export const DEFAULT_DATA_PATH = './data';

/** Where the running server says how its admin API is reached: `{"host","port","pid"}`. */
export function adminFile(dataPath: string): string {
  return join(dataPath, 'admin.json');
}

/** What the webhooks of `alerts` were told. */
export function toldFile(dataPath: string): string {
  return join(dataPath, 'alerts.json');
}

/** The admin token, unless `admin.tokenFile` says otherwise. */
export function defaultTokenFile(dataPath: string): string {
  return join(dataPath, 'admin-token');
}

/** The URL of a listening address; IPv6 ones in brackets. */
export function urlOf({ host, port }: Address): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
