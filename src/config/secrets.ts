/** Everything in a configuration that must not be printed. */
import type { Config } from './config.ts';
import { FileFault } from './file-fault.ts';

/** Write keys and REST API keys as they are now, for the logger to mask. A key file that cannot be read has none. */
export function secretsOf({ sources, destinations }: Config): string[] {
  return [...sources.flatMap(({ writeKeys }) => writeKeys), ...destinations.flatMap(apiKeyOf)];
}

function apiKeyOf({ readRestApiKey }: Config['destinations'][number]): string[] {
  try {
    return [readRestApiKey()];
  } catch (error) {
    if (error instanceof FileFault) return [];
    throw error;
  }
}
