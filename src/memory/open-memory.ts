/** Opens a destination's memory: its files in the data folder, and what the settings ask for. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type AttributeMemory, createAttributeMemory } from './attributes.ts';
import { type Journal, openJournal } from './journal.ts';
import { createLinkMemory } from './links.ts';
import { createMemory, type Memory } from './memory.ts';

export interface MemoryOptions {
  /**
   * The data folder. Null: nothing of it outlives the run, as it must be where the persons may be another process's
   * meanwhile.
   */
  readonly dataPath: string | null;
  /** Fit for a file name. */
  readonly destination: string;
  /** Whose users these are: a memory of another workspace is begun anew. */
  readonly workspace: string;
  readonly linkCall: 'identify' | 'auto';
  readonly supportDedup: boolean;
  readonly dedup: { readonly maxPersons: number; readonly ttlHours: number; readonly persist: boolean };
  readonly epochMs: () => number;
  readonly onWarning: (message: string) => void;
}

/** Never throws: what cannot be read or kept is told to `onWarning`. */
export function openMemory(options: MemoryOptions): Memory {
  const { dataPath, linkCall, supportDedup } = options;
  if (dataPath === null) {
    const links = createLinkMemory({ linkCall });
    const attributes = supportDedup ? { attributes: attributesOf(options) } : {};
    return createMemory({ links, ...attributes, onClose: () => undefined });
  }
  return openKeptMemory(options, join(dataPath, 'memory'));
}

function openKeptMemory(options: MemoryOptions, folder: string): Memory {
  const { destination, workspace: scope, linkCall, supportDedup, dedup, onWarning } = options;
  const bootId = readBootId();
  const open = (name: string, onlyTrusted: boolean) =>
    openJournal({ path: join(folder, `${destination}.${name}`), scope, bootId, onlyTrusted, onWarning });
  const [linked, anonymous] = [open('links', false), open('anonymous', false)];
  const links = createLinkMemory({ linkCall, journal: linked, anonymousJournal: anonymous });
  const journals = [linked, anonymous];
  let journal: Journal | undefined;
  if (supportDedup && dedup.persist) {
    journal = open('attributes', true);
    journals.push(journal);
  } else {
    // What is sent from now on is not written down: the file would tell old news.
    rmSync(join(folder, `${destination}.attributes`), { force: true });
  }
  return createMemory({
    links,
    ...(supportDedup ? { attributes: attributesOf(options, journal) } : {}),
    onClose: () => {
      for (const each of journals) each.close();
    },
  });
}

function attributesOf(
  { dedup, destination, workspace, epochMs }: MemoryOptions,
  journal?: Journal,
): AttributeMemory {
  return createAttributeMemory({
    maxPersons: dedup.maxPersons,
    ttlMs: dedup.ttlHours * 3_600_000,
    epochMs,
    seed: crc32(`${destination} ${workspace}`),
    ...(journal ? { journal } : {}),
  });
}

/** Linux names each run of the machine; elsewhere only a clean end makes a file trustworthy. */
function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}
