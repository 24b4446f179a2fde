/** A disk that can be made slow, broken or full under a process, or be the place where it dies: by a preloaded library. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FOLDER_PREFIX } from './server-process.ts';

const SOURCE = join(import.meta.dirname, 'disk-fault.c');

/** Places on the way of a write to the log's journal. */
export type DiePoint = 'before-write' | 'mid-write' | 'after-write' | 'before-sync' | 'after-sync';

export interface FaultyDisk {
  /** For the process that is to have this disk. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on each sync takes so long. */
  slow(ms: number): void;
  /** From now on each sync fails with EIO. */
  breakSyncs(): void;
  /** From now on each write fails with ENOSPC. */
  fill(): void;
  /** The process ends, as if killed, at the n-th time it passes the point. */
  dieAt(point: DiePoint, nth: number): void;
  heal(): void;
  /** Syncs that were slowed so far. */
  slowSyncs(): number;
}

export interface FaultyDisks {
  /** False where there is no C compiler, or no Linux: tests say so and are left out. */
  readonly available: boolean;
  create(): FaultyDisk;
  remove(): void;
}

export function createFaultyDisks(): FaultyDisks {
  const folder = mkdtempSync(join(tmpdir(), 'brazier-disk-'));
  const library = join(folder, 'disk-fault.so');
  const isBuilt = process.platform === 'linux' && build(library);
  if (!isBuilt)
    console.warn('left out: no C compiler here, so no disk can be made to fail (Linux with cc is needed)');
  return {
    available: isBuilt,
    create: () => createDisk(library, mkdtempSync(join(folder, 'fault-'))),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function build(library: string): boolean {
  return (
    spawnSync('cc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, SOURCE, '-ldl']).status === 0
  );
}

function createDisk(library: string, folder: string): FaultyDisk {
  const [faultFile, countFile] = [join(folder, 'fault'), join(folder, 'count')];
  const say = (fault: string) => writeFileSync(faultFile, fault);
  say('');
  writeFileSync(countFile, '');
  return {
    env: {
      LD_PRELOAD: library,
      DISK_FAULT_FOLDER: join(tmpdir(), FOLDER_PREFIX),
      DISK_FAULT_FILE: faultFile,
      DISK_COUNT_FILE: countFile,
    },
    slow: (ms) => say(`delay ${ms}`),
    breakSyncs: () => say('eio'),
    fill: () => say('full'),
    dieAt: (point, nth) => say(`die ${point} ${nth}`),
    heal: () => say(''),
    slowSyncs: () => statSync(countFile).size,
  };
}
