/** A secret that stands in the configuration itself or in a file that it names, beside one another as `key` and `keyFile`. */
import { readFileSync } from 'node:fs';
import { describeFileError, FileFault } from './file-fault.ts';
import { type Findings, type Member, textAt } from './findings.ts';
import { readSecretFile } from './secret-file.ts';

/**
 * Reads the secret under `key` as it is now. A file that cannot be used is a fault; then, and when it cannot be read
 * any more, the function throws `FileFault`.
 */
export function secretReader(member: Member, key: string, findings: Findings): () => string {
  const file = textAt(member.value, `${key}File`);
  if (file === undefined) return () => textAt(member.value, key) ?? '';
  const read = () => readSecretFile(file);
  usable(member, `${key}File`, read, findings);
  return read;
}

/** The same for one that is read at the start only; undefined when it is not given, or cannot be had. */
export function secretAt(member: Member, key: string, findings: Findings): string | undefined {
  const file = textAt(member.value, `${key}File`);
  if (file === undefined) return textAt(member.value, key);
  return usable(member, `${key}File`, () => readSecretFile(file), findings);
}

/** The path of a file under `key`, which must be readable: else it is a fault. */
export function readableFileAt(member: Member, key: string, findings: Findings): string | undefined {
  const file = textAt(member.value, key);
  if (file !== undefined) usable(member, key, () => readFile(file), findings);
  return file;
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new FileFault(`cannot read ${file}: ${describeFileError(error)}`, error);
  }
}

function usable({ path }: Member, key: string, read: () => string, { faults }: Findings): string | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FileFault)) throw error;
    const message = `found a file that cannot be used: ${error.message}`;
    faults.push({ path: [...path, key], message });
    return undefined;
  }
}
