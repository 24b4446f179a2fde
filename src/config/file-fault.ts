/** A file that cannot be used, in plain words: reading and writing what the configuration names. */

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  EEXIST: 'a file of that name is in the way',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EMFILE: 'too many open files',
};

/** Thrown at start-up when a file or folder that must be usable is not; `message` is for the user, as it is. */
export class FileFault extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'FileFault';
  }
}

/** Why the operating system refused, in plain words: "permission denied". */
export function describeFileError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  return WORDS[code] ?? (code || String(error));
}
