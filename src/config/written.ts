/** A configuration as it was written, in one file or in several: its value, and where each part of it stands. */
import type { ConfigDocument } from './document.ts';
import type { Problem } from './problem.ts';
import { type Fault, formatPath, type Path } from './validator.ts';

export interface Place {
  /** As the user named it. */
  readonly file: string;
  readonly document: ConfigDocument;
  /** Inside that file. */
  readonly path: Path;
}

export interface Written {
  /** In the form of the configuration's schema, right or wrong; fresh, to be changed at will. */
  readonly value: unknown;
  /** Where the part at a path of `value` was written. */
  placeOf(path: Path): Place;
  /** What a reader of the files calls the part, e.g. `sources[0]`. */
  nameOf(path: Path): string;
}

/** A configuration that stands whole in one file. */
export function writtenIn(file: string, document: ConfigDocument): Written {
  return { value: document.value, placeOf: (path) => ({ file, document, path }), nameOf: formatPath };
}

export function toProblem({ file, document, path }: Place, message: string): Problem {
  return { file, line: document.lineOf(path), path: formatPath(path), message };
}

/** A fault of the whole, told at the place where its part was written. */
export function problemOf(written: Written, { path, message }: Fault): Problem {
  return toProblem(written.placeOf(path), message);
}
