/** What belongs to the log beside its own file: it travels in a backup, and back. */

export interface KeptFile {
  /** Without a folder. */
  readonly name: string;
  readonly data: Uint8Array;
}
