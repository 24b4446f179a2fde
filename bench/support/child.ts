/** Helper processes of a benchmark, so that what they cost is not counted with what is measured: one question, one answer. */
import { fork } from 'node:child_process';
import { once } from 'node:events';

export interface Child {
  readonly pid: number;
  /** Calls a function of the child by its name. Rejects with its error, and when the child has ended. */
  ask<Answer>(name: string, given?: unknown): Promise<Answer>;
  /** Resolves when it has ended. */
  stop(): Promise<void>;
}

interface Question {
  readonly id: number;
  readonly name: string;
  readonly given: unknown;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** @param file runs `answerParent`; it ends with this process */
export function startChild(file: string, args: readonly string[] = []): Child {
  const child = fork(file, args, { serialization: 'advanced' });
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  child.on('message', ({ id, value, error }: Answer) => {
    if (error === undefined) open.get(id)?.resolve(value);
    else open.get(id)?.reject(new Error(error));
    open.delete(id);
  });
  child.on('exit', (code, signal) => {
    for (const { reject } of open.values()) reject(new Error(`${file} ended with ${code ?? signal}`));
  });
  return {
    pid: child.pid as number,
    async ask<Given>(name: string, given?: unknown) {
      lastId += 1;
      const asked = Promise.withResolvers<unknown>();
      open.set(lastId, asked);
      child.send({ id: lastId, name, given });
      return (await asked.promise) as Given;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

type Functions = Readonly<Record<string, (given: never) => unknown>>;

/** In the child: what it can be asked. It ends when its parent is gone. */
export function answerParent(functions: Functions): void {
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ id, name, given }: Question) => {
    try {
      process.send?.({ id, value: await functions[name]?.(given as never) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
}
