/** How much room the disk with the data folder has, for the metrics and the alerts. */
import { statfs } from 'node:fs/promises';
import type { LogConfig } from '../config/config.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { promptly } from './promptly.ts';

export interface DiskRoom {
  /** What this process may still write: without what is kept for the administrator. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Null where nothing in the folder need survive, and where the system has no sizes; unknown while it does not say. */
export type KnownRoom = DiskRoom | 'unknown' | null;

export interface Disk {
  /** Answers within 3 s. Never rejects. */
  room(): Promise<KnownRoom>;
}

export interface DiskParts {
  readonly log: Pick<LogConfig, 'kind' | 'path'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly ask?: (path: string) => Promise<DiskRoom | null>;
}

/**
 * A disk that hangs takes a thread for each question, and Node has four for all that it asks the system, names of hosts
 * among them: so it is asked again only when it has answered, and until then it is unknown at once.
 */
export function openDisk({ log, logger, ask = askSystem }: DiskParts): Disk {
  let asked: Promise<KnownRoom> | undefined;
  let isSilent = false;

  async function begin(): Promise<KnownRoom> {
    const room: KnownRoom = await ask(log.path).catch(() => 'unknown' as const);
    asked = undefined;
    if (isSilent) logger.info('the disk with the data folder says again how much room it has');
    isSilent = false;
    return room;
  }

  return {
    async room() {
      if (log.kind === 'kafka') return null;
      if (isSilent) return 'unknown';
      asked ??= begin();
      const room = await promptly<KnownRoom | 'silent'>(asked, 'silent');
      if (room !== 'silent') return room;
      if (!isSilent) logger.warn('the disk with the data folder does not answer', { code: 'disk_silent' });
      isSilent = true;
      return 'unknown';
    },
  };
}

async function askSystem(path: string): Promise<DiskRoom | null> {
  const { bavail, blocks, bsize } = await statfs(path);
  return blocks > 0 ? { freeBytes: bavail * bsize, totalBytes: blocks * bsize } : null;
}

/** What is not known stands as it was. */
export function publishDisk(room: KnownRoom, metrics: Metrics): void {
  if (room === 'unknown') return;
  metrics.diskFree.set(room?.freeBytes ?? 0);
  metrics.diskSize.set(room?.totalBytes ?? 0);
}
