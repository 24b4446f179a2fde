/** A progress bar on stderr, drawn only where it is a terminal: in a file or a pipe it would be noise. */

export interface Progress {
  /** So many more are done. */
  add(count: number): void;
  /** Ends its line; to be called however the work ended. */
  end(): void;
}

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const WIDTH = 30;

/** @param total of what `add` will be told; more is drawn as all */
export function createProgress(total: number, output: ProgressOutput = process.stderr): Progress {
  if (output.isTTY !== true) return { add: () => undefined, end: () => undefined };
  let done = 0;
  const draw = (): void => {
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const bar = '█'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '░');
    output.write(`\r${bar} ${done} of ${Math.max(done, total)}`);
  };
  draw();
  return {
    add(count) {
      done += count;
      draw();
    },
    end: () => output.write('\n'),
  };
}
