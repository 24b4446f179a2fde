/** Everything in a configuration that must not be printed. */
import type { DestinationSettings } from '../model/settings.ts';
import type { Config } from './config.ts';
import { FileFault } from './file-fault.ts';

/** Write keys, REST API keys as they are now, and salts, for the logger to mask. A key file that cannot be read has none. */
export function secretsOf({ sources, destinations }: Config): string[] {
  return [
    ...sources.flatMap(({ writeKeys }) => writeKeys),
    ...destinations.flatMap(apiKeyOf),
    ...destinations.flatMap(({ settings }) => saltsOf(settings)),
  ];
}

function saltsOf({ mappings = {} }: DestinationSettings): string[] {
  const { events, ...lists } = mappings;
  const salts = Object.values(lists).flatMap((rules) => rules.map(({ salt }) => salt));
  return salts.filter((salt) => salt !== undefined);
}

function apiKeyOf({ readRestApiKey }: Config['destinations'][number]): string[] {
  try {
    return [readRestApiKey()];
  } catch (error) {
    if (error instanceof FileFault) return [];
    throw error;
  }
}
