/** Several renames that belong together: all of them, or none. */
import { existsSync, renameSync } from 'node:fs';
import { CommandError } from './command-error.ts';

export type Move = readonly [from: string, to: string];

/**
 * In this order, and never over something that exists. When one fails those before are taken back, and it throws
 * `CommandError`, which names what could not be taken back.
 */
export function moveAll(moves: readonly Move[]): void {
  const done: Move[] = [];
  try {
    for (const move of moves) {
      moveTo(move);
      done.unshift(move);
    }
  } catch (error) {
    const left = done.filter(([from, to]) => !isMoved([to, from]));
    const stands = left.map(([from, to]) => `${from} is now ${to}`).join(', ') || 'everything is as it was';
    throw new CommandError(`${(error as Error).message}: ${stands}`);
  }
}

function moveTo([from, to]: Move): void {
  if (existsSync(to)) throw new Error(`${to} exists already`);
  renameSync(from, to);
}

function isMoved(move: Move): boolean {
  try {
    moveTo(move);
    return true;
  } catch {
    return false;
  }
}
