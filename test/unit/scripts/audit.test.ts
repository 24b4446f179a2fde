/** The audit of the packages, against a registry of our own. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const AUDIT = join(import.meta.dirname, '../../../scripts/audit.ts');

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** What the script says, and its exit code, with a registry that answers everything so. */
async function audit(answer: RequestListener) {
  const registry = createServer((req, res) => {
    req.resume().on('end', () => answer(req, res));
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  const cache = mkdtempSync(join(tmpdir(), 'brazier-audit-'));
  cleanups.push(
    () => rmSync(cache, { recursive: true, force: true }),
    () => registry.close(),
    () => registry.closeAllConnections(),
  );
  const { port } = registry.address() as AddressInfo;
  const env = {
    ...process.env,
    npm_config_registry: `http://127.0.0.1:${port}/`,
    npm_config_cache: cache,
    npm_config_fetch_retries: '0',
  };
  return new Promise<{ code: unknown; said: string }>((resolve) => {
    execFile(process.execPath, [AUDIT], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, said: stdout + stderr }),
    );
  });
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_req, res) => {
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

const ADVISORY = {
  id: 1,
  url: 'https://example.com/advisory',
  title: 'a fault',
  severity: 'high',
  vulnerable_versions: '<99',
};

describe('the audit of the packages', () => {
  it('passes when the registry knows of nothing, and says of how many', async () => {
    const { code, said } = await audit(json(200, {}));
    expect(said).toMatch(/^[1-9]\d* packages, 0 with a known vulnerability$/m);
    expect(code).toBe(0);
  });

  it('fails on one that is known, and names it', async () => {
    const { code, said } = await audit((req, res) => {
      const isAsked = req.url?.endsWith('/advisories/bulk') === true;
      json(isAsked ? 200 : 404, isAsked ? { kafkajs: [ADVISORY] } : {})(req, res);
    });
    expect(said).toMatch(/^high: kafkajs /m);
    expect(code).toBe(1);
  });

  it('says that nothing was checked when the registry has no such service', async () => {
    const { code, said } = await audit(json(405, {}));
    expect(said).toMatch(/^NOT CHECKED .*405/m);
    expect(code).toBe(0);
  });
});
