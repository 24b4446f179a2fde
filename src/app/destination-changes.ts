/** What a new configuration changes about a destination, and whether that can be taken over while it runs. */
import { isDeepStrictEqual } from 'node:util';
import type { DestinationConfig } from '../config/config.ts';
import { FileFault } from '../config/file-fault.ts';

/**
 * `none`; `planned`: from the next event and the next request on; `opened`: what is under way ends, and the destination
 * begins anew from its durable progress.
 */
export type Change = 'none' | 'planned' | 'opened';

export function changeOf(before: DestinationConfig, after: DestinationConfig): Change {
  if (!isDeepStrictEqual(fixedPart(before), fixedPart(after))) return 'opened';
  const isSame = isDeepStrictEqual(before.settings, after.settings) && keyOf(before) === keyOf(after);
  return isSame ? 'none' : 'planned';
}

/** All that delivery and the memory were built with. `start` counts for a new destination only. */
function fixedPart({ readRestApiKey, start, settings, ...rest }: DestinationConfig) {
  const { linkCall, supportDedup } = settings;
  return { ...rest, linkCall, supportDedup };
}

function keyOf({ readRestApiKey }: DestinationConfig): string | undefined {
  try {
    return readRestApiKey();
  } catch (error) {
    if (error instanceof FileFault) return undefined;
    throw error;
  }
}
