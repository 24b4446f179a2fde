import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startApp } from '../../src/app.ts';
import { startDemo } from '../../src/cli/demo.ts';
import { urlOf } from '../../src/config/data-folder.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The demo on free ports in `dataPath`. */
async function runDemo(dataPath: string) {
  const demo = await startDemo({ sandboxPort: 0, httpPort: 0, adminPort: 0, dataPath });
  const onFatal = (error: Error) => expect.fail(error.message);
  const app = await startApp({ config: demo.config, logger: createLogger({ level: 'error' }), onFatal });
  const stop = async () => {
    await app.stop(AbortSignal.timeout(5_000));
    await demo.stop();
  };
  return { http: urlOf(app.http!), welcome: demo.welcome(urlOf(app.http!)), stop };
}

describe('the demo', () => {
  it('shows an event in the local Braze by the two commands that it prints, and keeps its write key', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'brazier-demo-'));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const dataPath = join(folder, 'data');
    const first = await runDemo(dataPath);
    cleanups.push(() => first.stop());
    const writeKey = readFileSync(join(dataPath, 'write-key'), 'utf8').trim();
    expect(first.welcome).toContain(`curl -u ${writeKey}: ${first.http}/v1/track`);
    const body = String(/-d '(.*)'/.exec(first.welcome)?.[1]);
    const usersUrl = /curl (http\S+\/_sandbox\/users)/.exec(first.welcome)?.[1];

    const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
    const answer = await fetch(`${first.http}/v1/track`, {
      method: 'POST',
      body,
      headers: { authorization },
    });
    expect(await answer.json()).toEqual({ success: true, accepted: 1 });
    await vi.waitFor(async () => {
      const { users } = (await (await fetch(String(usersUrl))).json()) as { users: unknown };
      expect(users).toMatchObject([
        { external_id: 'kim', events: [{ name: 'Lamp Lit', properties: { lumen: 800 } }] },
      ]);
    });

    await first.stop();
    cleanups.pop();
    const second = await runDemo(dataPath);
    cleanups.push(() => second.stop());
    expect(second.welcome).toContain(`write key ${writeKey}`);
  });
});
