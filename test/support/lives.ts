/** The lives of the real process on one folder, one after the other, and what is seen of them from outside. */
import { setTimeout as wait } from 'node:timers/promises';
import { type Ready, type ServerFolder, type ServerProcess, startProcess } from './server-process.ts';

/** A process that was started sends nothing for so long; what arrives meanwhile its predecessor had sent. */
const UNBORN_MS = 100;

export interface Lives {
  /** From 1; 0 before the first. */
  readonly count: number;
  /** The process that runs and is ready. */
  readonly ready: Ready | undefined;
  begin(): Promise<Ready>;
  /** Exit code, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  kill(signal: NodeJS.Signals): void;
  /** The life that sent a request which arrived at this time. */
  lifeOf(request: { readonly at: string }): number;
  /** What all of them wrote. */
  stdout(): string;
  stderr(): string;
}

export function createLives(folder: ServerFolder): Lives {
  const bornAt: number[] = [];
  const all: ServerProcess[] = [];
  let ready: Ready | undefined;
  return {
    get count() {
      return bornAt.length;
    },
    get ready() {
      return ready;
    },
    async begin() {
      bornAt.push(Date.now() + UNBORN_MS);
      const born = startProcess(['serve', '--config', folder.configFile]);
      all.push(born);
      const answer = await born.ready;
      if (all.at(-1) === born) ready = answer;
      return answer;
    },
    async end(signal) {
      ready = undefined;
      all.at(-1)?.kill(signal);
      const code = await all.at(-1)?.exited;
      ready = undefined;
      return code ?? 'never started';
    },
    kill: (signal) => all.at(-1)?.kill(signal),
    lifeOf: ({ at }) => bornAt.filter((time) => time < Date.parse(at)).length,
    stdout: () => all.map((each) => each.stdout()).join(''),
    stderr: () => all.map((each) => each.stderr()).join(''),
  };
}

/** Sums of a scrape's samples whose labels hold the text. */
export async function scrape({ admin }: Ready): Promise<(name: string, labels?: string) => number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return (name, labels = '') => {
    const samples = text.matchAll(new RegExp(`^${name}(?:{([^}]*)})? (\\S+)$`, 'gm'));
    return samples.reduce(
      (sum, [, own = '', value]) => (own.includes(labels) ? sum + Number(value) : sum),
      0,
    );
  };
}

/** Resolves when it holds; rejects with what was waited for when it does not in time. */
export async function until(what: string, holds: () => Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await wait(100);
  }
}
