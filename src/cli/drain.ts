/** `serve --drain`: no events are taken; what the embedded log holds is delivered, and then the process ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app.ts';
import type { Config } from '../config/config.ts';
import type { ConfigFiles } from '../config/load.ts';
import { CommandError } from './command-error.ts';

const LOOK_MS = 200;

const ON_KAFKA =
  '--drain is about the embedded log: on Kafka stop whoever takes events, and wait until `destinations list` shows none unsettled';

export interface Drain {
  /** The same, but that nothing is taken in. Throws `CommandError` where a log cannot be drained so. */
  configOf(config: Config): Config;
  /** Begins to wait; stops the server when every destination has been sent everything. */
  watch(app: Pick<App, 'held'>, stop: () => void): void;
  /** After the server has stopped: tells the outcome. Throws `CommandError` when something is left. */
  report(): void;
}

/** Throws `CommandError` without files: the demo has nothing to drain. */
export function createDrain({ config: file, workspaceConfig }: ConfigFiles): Drain {
  if (file === undefined && workspaceConfig === undefined) {
    throw new CommandError('--drain is about a configuration: give --config <file>', 2);
  }
  let letters: number | undefined;
  return {
    configOf(config) {
      if (config.log.kind === 'embedded') return { ...config, role: 'worker' };
      throw new CommandError(ON_KAFKA, 2);
    },
    async watch(app, stop) {
      for (;;) {
        const held = await app.held().catch(() => undefined);
        if (held?.undelivered === 0) {
          letters = held.letters;
          return stop();
        }
        // The process ends by other means too.
        await sleep(LOOK_MS, undefined, { ref: false });
      }
    },
    report() {
      if (letters === undefined)
        throw new CommandError('stopped before all was delivered: the rest is in the log');
      process.stdout.write(`${JSON.stringify({ drained: true, deadLetters: letters })}\n`);
    },
  };
}
