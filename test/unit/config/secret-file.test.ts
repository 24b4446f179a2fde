import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { demoConfig } from '../../../src/config/demo.ts';
import { FileFault } from '../../../src/config/file-fault.ts';
import { adminToken, readOrMakeSecret, readSecretFile } from '../../../src/config/secret-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brazier-secret-'));
});
afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true });
});

describe('readOrMakeSecret', () => {
  test('makes a secret once, for its owner alone, in a folder that it makes', () => {
    const file = join(folder, 'data/deep/token');
    const secret = readOrMakeSecret(file);
    expect(secret).toMatch(/^[\w-]{32}$/);
    expect(readOrMakeSecret(file)).toBe(secret);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'data/deep'))).toEqual(['token']);
  });

  test('of two that make it at once both get the same', () => {
    const file = join(folder, 'token');
    const secret = readOrMakeSecret(file, () => {
      writeFileSync(file, 'theirs\n');
      return 'mine';
    });
    expect(secret).toBe('theirs');
    expect(readFileSync(file, 'utf8')).toBe('theirs\n');
  });

  test('does not replace a file that it cannot use', () => {
    const file = join(folder, 'token');
    writeFileSync(file, '\n');
    expect(() => adminToken(file)).toThrow(`${file} is empty`);
    expect(readFileSync(file, 'utf8')).toBe('\n');
  });

  test('says in plain words what is in the way', () => {
    writeFileSync(join(folder, 'file'), 'x');
    mkdirSync(join(folder, 'sub'));
    expect(() => readOrMakeSecret(join(folder, 'file/token'))).toThrow(/a part of its path is not a folder/);
    expect(() => readSecretFile(join(folder, 'sub'))).toThrow(FileFault);
    expect(() => readSecretFile(join(folder, 'sub'))).toThrow(/it is a folder/);
  });
});

describe('demoConfig', () => {
  const options = () => ({
    sandboxUrl: 'http://127.0.0.1:4800',
    sandboxApiKey: 'sandbox-key',
    dataPath: join(folder, 'data'),
  });

  test('delivers from one source to the sandbox, from the beginning, on this machine alone', () => {
    const config = demoConfig(options());
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 8080 });
    expect(config.admin).toMatchObject({
      host: '127.0.0.1',
      port: 8081,
      tokenFile: join(folder, 'data/admin-token'),
    });
    expect(config.sources).toMatchObject([{ id: 'demo', enabled: true, destinations: null }]);
    expect(config.destinations).toMatchObject([
      { id: 'sandbox', restEndpoint: 'http://127.0.0.1:4800', start: 'beginning' },
    ]);
    expect(config.destinations[0]?.readRestApiKey()).toBe('sandbox-key');
  });

  test('keeps its write key', () => {
    const [first, second] = [demoConfig(options()), demoConfig({ ...options(), httpPort: 0, adminPort: 0 })];
    expect(second.sources).toEqual(first.sources);
    expect(first.sources[0]?.writeKeys).toEqual([
      readFileSync(join(folder, 'data/write-key'), 'utf8').trim(),
    ]);
    expect(second.http.port).toBe(0);
  });
});
