/** What a configuration's reader is told: the place in the file, and what was found and expected there. */

export interface Problem {
  readonly file: string;
  /** Counted from 1; null when it is about the file as a whole. */
  readonly line: number | null;
  /** Dotted path, e.g. `destinations[0].dataCenter`; empty when it is about the text. */
  readonly path: string;
  readonly message: string;
}

/** `file:line: path: message`. */
export function formatProblem({ file, line, path, message }: Problem): string {
  return `${file}:${line === null ? '' : `${line}:`} ${path === '' ? '' : `${path}: `}${message}`;
}

/** By file as they come, by line within a file. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  return problems.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || (a.line ?? 0) - (b.line ?? 0),
  );
}
