/** A copy of the embedded log over HTTP: made in the data folder, for `brazier backup` to check and take away. */
import type { Express } from 'express';
import { LogError } from '../log/log.ts';
import { BACK_UP } from './described-process.ts';
import { addRoute } from './route.ts';

export interface BackupActs {
  /** Resolves with a new file that only its owner may read; nothing is left of a copy whose signal aborts. */
  copy(signal: AbortSignal): Promise<{ readonly path: string; readonly bytes: number }>;
}

/** `POST` answers `{"path","bytes"}`. Who hangs up before has no copy. */
export function addBackupRoute(app: Express, acts: BackupActs | null): void {
  addRoute(app, BACK_UP, async (_asked, _req, res) => {
    if (!acts) throw new LogError('log_unsupported', NOT_ONE_FILE);
    const gone = new AbortController();
    res.on('close', () => gone.abort());
    res.json(await acts.copy(gone.signal));
  });
}

export const NOT_ONE_FILE =
  'with log.kind kafka there is no file to back up: the brokers keep the events, by their replicas (docs/operate/kafka.md)';
