/** How much room the disk with the data folder has, for the metrics and the alerts. */
import { statfs } from 'node:fs/promises';
import type { LogConfig } from '../config/config.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface DiskRoom {
  /** What this process may still write: without what is kept for the administrator. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Null where nothing in the folder need survive, and where the system does not say. */
export async function diskRoom({ kind, path }: Pick<LogConfig, 'kind' | 'path'>): Promise<DiskRoom | null> {
  if (kind === 'kafka') return null;
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return blocks > 0 ? { freeBytes: bavail * bsize, totalBytes: blocks * bsize } : null;
  } catch {
    return null;
  }
}

export function publishDisk(room: DiskRoom | null, metrics: Metrics): void {
  metrics.diskFree.set(room?.freeBytes ?? 0);
  metrics.diskSize.set(room?.totalBytes ?? 0);
}
