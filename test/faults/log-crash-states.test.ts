/**
 * Power cuts: whatever part of the writes that were not synced yet reached the disk, in whatever order, the log opens
 * with every acknowledged record and no broken one. SQLite syncs its journal before it acknowledges, and the pages of a
 * checkpoint before the journal is used anew; the states between two syncs are made here from what changed between them.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { createDice } from '../support/dice.ts';
import { append, readChunksOf, sqliteOptions, textOf } from '../support/log-harness.ts';
import { openInProcess } from '../support/log-store-client.ts';

const SEED = inject('seed');
/** The journal is checkpointed after 250 pages, which these records fill three times. */
const RECORDS = 70;
const RECORD_BYTES = 80_000;
const JOURNALED = 12;
/** Of the appends those whose crash states are tried, beside all that changed the database itself. */
const TRIED = 0.2;
/** What a disk writes at once. */
const SECTOR = 4096;

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'brazier-crash-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

interface Files {
  readonly db: Buffer;
  readonly wal: Buffer;
}

async function filesOf(folder: string): Promise<Files> {
  const [db, wal] = await Promise.all([
    readFile(join(folder, 'brazier.db')),
    readFile(join(folder, 'brazier.db-wal')).catch(() => Buffer.alloc(0)),
  ]);
  return { db, wal };
}

/** Of the sectors in which `after` differs some are there and others are not. */
function partly(before: Buffer, after: Buffer, dice: () => number): Buffer {
  const share = dice();
  const mixed = Buffer.alloc(after.length);
  before.copy(mixed);
  for (let at = 0; at < after.length; at += SECTOR) {
    if (dice() < share) after.copy(mixed, at, at, at + SECTOR);
  }
  return dice() < 0.5 ? mixed : mixed.subarray(0, Math.max(before.length, Math.floor(dice() * mixed.length)));
}

const textAt = (index: number) => `${index}:${String.fromCharCode(97 + (index % 26)).repeat(RECORD_BYTES)}`;

/** What a log holds that is started on these files. Rejects when it does not start. */
async function heldIn({ db, wal }: Files): Promise<{ texts: string[]; corrupt: number }> {
  const folder = await mkdtemp(join(path, 'state-'));
  await writeFile(join(folder, 'brazier.db'), db);
  await writeFile(join(folder, 'brazier.db-wal'), wal);
  const { log } = openInProcess(sqliteOptions(folder));
  await log.attach([{ group: 'a', start: 'beginning' }]);
  const chunks = await readChunksOf(log, 'a', log.backlog('a'));
  const records = chunks.flatMap((chunk) =>
    Array.from({ length: chunk.count }, (_, index) => chunk.record(index)),
  );
  await log.close();
  await rm(folder, { recursive: true });
  return {
    texts: records.map(({ value }) => textOf(value)),
    corrupt: records.filter(({ corrupt }) => corrupt).length,
  };
}

/** @param least records that were acknowledged; the one after them may be there, whole */
async function expectHeld(files: Files, least: number): Promise<void> {
  const { texts, corrupt } = await heldIn(files);
  expect(corrupt).toBe(0);
  expect([least, least + 1]).toContain(texts.length);
  expect(texts.every((text, index) => text === textAt(index))).toBe(true);
}

it(`row 4: of a power cut at any write every acknowledged record is left (seed ${SEED})`, async () => {
  const dice = createDice(SEED);
  const data = join(path, 'data');
  const { log } = openInProcess(sqliteOptions(data));
  await log.attach([{ group: 'a', start: 'beginning' }]);
  let before = await filesOf(data);
  const tried = { journal: 0, checkpoint: 0 };
  for (let index = 0; index < RECORDS; index += 1) {
    await append(log, textAt(index));
    const after = await filesOf(data);
    const isCheckpoint = !after.db.equals(before.db);
    if (isCheckpoint || dice() < TRIED) {
      await expectHeld({ db: before.db, wal: partly(before.wal, after.wal, dice) }, index);
      tried.journal += 1;
    }
    if (isCheckpoint) {
      for (let turn = 0; turn < 5; turn += 1) {
        const db = partly(before.db, after.db, dice);
        expect((await heldIn({ db, wal: after.wal })).texts).toHaveLength(index + 1);
        tried.checkpoint += 1;
      }
    }
    before = after;
  }
  await log.close();
  console.log(`row 4: seed ${SEED}, states of the journal and of checkpoints:`, tried);
  expect(tried.checkpoint).toBeGreaterThanOrEqual(10);
});

it(`row 4: a journal that ends anywhere holds what was acknowledged up to there (seed ${SEED})`, async () => {
  const dice = createDice(SEED);
  const data = join(path, 'data');
  const { log } = openInProcess(sqliteOptions(data));
  await log.attach([{ group: 'a', start: 'beginning' }]);
  const lengths: number[] = [(await filesOf(data)).wal.length];
  // Fewer than are checkpointed.
  for (let index = 0; index < JOURNALED; index += 1) {
    await append(log, textAt(index));
    lengths.push((await filesOf(data)).wal.length);
  }
  const { db, wal } = await filesOf(data);
  await log.close();
  for (let turn = 0; turn < 25; turn += 1) {
    const least = Math.floor(dice() * JOURNALED);
    const [from = 0, to = 0] = [lengths[least], lengths[least + 1]];
    const length = from + Math.floor(dice() * (to - from));
    expect((await heldIn({ db, wal: wal.subarray(0, length) })).texts).toHaveLength(least);
  }
});
