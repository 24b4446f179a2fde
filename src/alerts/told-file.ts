/**
 * What the webhooks were told, kept in a file: whoever mends something restarts the process too, and the recovery is to be
 * told all the same. No address and no key is in it.
 */
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import type { Alert, Instant } from './alert.ts';
import type { Told } from './ledger.ts';

/** By the webhook's id. */
export type ToldByWebhook = ReadonlyMap<string, readonly Told[]>;

interface Entry {
  readonly alert: Alert;
  /** ms since the epoch. */
  readonly toldAt: number;
  readonly reminders: number;
  readonly isUnsure: boolean;
}

/** Nothing when there is no such file, or it cannot be used: then everything is told as if for the first time. */
export function readTold(file: string, now: Instant): ToldByWebhook {
  try {
    const { webhooks } = JSON.parse(readFileSync(file, 'utf8')) as { webhooks: Record<string, Entry[]> };
    if (!Object.values(webhooks).flat().every(isEntry)) return new Map();
    return new Map(
      Object.entries(webhooks).map(([id, entries]) => [id, entries.map((entry) => toldOf(entry, now))]),
    );
  } catch {
    return new Map();
  }
}

/** As this version writes it: what is told of such an entry must never fail. */
function isEntry({ alert, toldAt, reminders }: Entry): boolean {
  const { name, severity, summary, since } = alert;
  const areTexts = [name, severity, summary].every((text) => typeof text === 'string');
  return areTexts && [toldAt, reminders].every(Number.isFinite) && Number.isFinite(new Date(since).getTime());
}

function toldOf({ alert, toldAt, reminders, isUnsure }: Entry, { ms, at }: Instant): Told {
  return { alert, toldMs: ms - Math.max(0, at - toldAt), reminders, isUnsure };
}

/** Rejects when the file cannot be written. A crash leaves the old one or the new one. One at a time for a file. */
export async function writeTold(file: string, told: ToldByWebhook, now: Instant): Promise<void> {
  const webhooks = Object.fromEntries(
    [...told].map(([id, entries]) => [
      id,
      entries.map(({ toldMs, ...entry }) => ({ ...entry, toldAt: now.at - (now.ms - toldMs) })),
    ]),
  );
  await writeFile(`${file}.new`, JSON.stringify({ version: 1, webhooks }));
  await rename(`${file}.new`, file);
}
