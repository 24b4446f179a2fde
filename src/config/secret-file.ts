/** Secrets that live in files: reading one, and making one at the first start. */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeFileError, FileFault } from './file-fault.ts';

/** 24 bytes: more than can be guessed, and no padding in base64. */
const SECRET_BYTES = 24;

/** The secret in `file` without the line break at its end. Throws `FileFault` when it cannot be read or is empty. */
export function readSecretFile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new FileFault(`cannot read ${file}: ${describeFileError(error)}`, error);
  }
  const secret = text.replace(/[\r\n]+$/, '');
  if (secret === '') throw new FileFault(`${file} is empty, expected a secret in it`);
  return secret;
}

/**
 * The secret in `file`; when there is no such file, one is made (and its folder), readable by its owner alone.
 * Throws `FileFault`.
 */
export function readOrMakeSecret(file: string, make: () => string = randomSecret): string {
  try {
    return readSecretFile(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return makeSecret(file, make());
}

/** The bearer token of the admin API, made when `tokenFile` does not exist yet. Throws `FileFault`. */
export function adminToken(tokenFile: string): string {
  return readOrMakeSecret(tokenFile);
}

function randomSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** Written beside and linked into place: a crash leaves a whole secret or none, and of two starts one wins. */
function makeSecret(file: string, secret: string): string {
  const draft = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(draft, `${secret}\n`, { mode: 0o600, flush: true });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return readSecretFile(file);
    throw new FileFault(`cannot write ${file}: ${describeFileError(error)}`, error);
  } finally {
    rmSync(draft, { force: true });
  }
  return secret;
}

function isMissing(error: unknown): boolean {
  return error instanceof FileFault && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}
