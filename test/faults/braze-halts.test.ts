/** Faults of the set-up: the destination stands still and says so, loses nothing, and goes on by itself once they are mended. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { type Harness, PATIENT, REST_KEY, UNDER_WAY, underFire } from '../support/harness.ts';
import { type FaultProxy, startProxy } from '../support/proxy.ts';
import { startSandbox } from '../support/sandbox.ts';
import { type Certificates, hasOpenssl, makeCertificates, startTlsFront } from '../support/tls.ts';

const folder = mkdtempSync(join(tmpdir(), 'brazier-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = { batchesPerLane: 5 };

/** Waits for the halt, and finds it wherever an operator looks. */
async function expectHalted({ metric, admin, ready, server }: Harness, code: string): Promise<void> {
  const labels = `destination="braze",code="${code}"`;
  await vi.waitFor(async () => expect(await metric('brazier_destination_halted', labels)).toBe(1), PATIENT);
  const { destinations } = await admin<{ destinations: object[] }>('/destinations');
  expect(destinations[0]).toMatchObject({ id: 'braze', halted: { code } });
  expect(server.stderr()).toContain(`"code":"${code}"`);
  expect((await fetch(`${ready.admin}/health/ready`)).status, 'readiness').toBe(200);
}

describe.concurrent('row 32: Braze answers', { timeout: 180_000 }, () => {
  it.each([
    [403, 'permission_missing'],
    [404, 'wrong_host'],
  ])(
    '%i: that destination stands still, the other goes on, and the held request is the probe',
    async (status, code) => {
      const other = await startSandbox({ rateLimit: 1_000_000 });
      try {
        const judgement = await underFire(
          {
            load,
            otherDestinations: [
              {
                id: 'other',
                restEndpoint: other.url,
                restApiKey: REST_KEY,
                start: 'beginning',
                identifyQuietMs: 50,
              },
            ],
          },
          async (harness) => {
            const { sandbox, producer, metric, drained } = harness;
            sandbox.addFaults([{ do: { status } }]);
            await expectHalted(harness, code);
            await producer.done;
            await vi.waitFor(
              async () => expect(await metric('brazier_events_total', 'destination="other"')).toBe(500),
              PATIENT,
            );
            expect(await metric('brazier_events_total', 'destination="braze"')).toBe(0);
            // What was under way when the first answer came, and the probes since.
            expect(sandbox.requests().length).toBeLessThanOrEqual(UNDER_WAY + 3);
            sandbox.clearFaults();
            await drained();
          },
        );
        expect(judgement).toMatchObject({ doubled: 0, deadLetters: 0 });
      } finally {
        await other.close();
      }
    },
  );

  it('401: a key that was changed in its file takes effect within seconds, whenever that is', async () => {
    const restApiKeyFile = join(folder, 'key');
    writeFileSync(restApiKeyFile, 'canary-old-key\n');
    const judgement = await underFire(
      { load, sandbox: { apiKey: 'canary-new-key' }, destination: { restApiKeyFile } },
      async (harness) => {
        await expectHalted(harness, 'key_refused');
        // Beyond the second probe: the third would be ten seconds later.
        await vi.waitFor(() => {
          const probes = harness.sandbox.requests().filter(({ status }) => status === 401);
          expect(Date.parse(String(probes.at(-1)?.at)) - Date.parse(String(probes[0]?.at))).toBeGreaterThan(
            4_000,
          );
        }, PATIENT);
        writeFileSync(restApiKeyFile, 'canary-new-key\n');
        const mendedAt = performance.now();
        await vi.waitFor(() => expect(harness.sandbox.requests().at(-1)?.status).toBe(201), PATIENT);
        console.log('ms from the new key to the first delivery', Math.round(performance.now() - mendedAt));
        await harness.drained();
      },
    );
    expect(judgement).toMatchObject({ doubled: 0, deadLetters: 0 });
  });
});

describe('row 35: the host name', { timeout: 180_000 }, () => {
  it('does not resolve, does so no more for now, and then has another address: nothing is lost', async () => {
    const file = join(folder, 'dns.json');
    const resolveTo = (answer: string) => writeFileSync(file, JSON.stringify({ 'braze.invalid': answer }));
    resolveTo('ENOTFOUND');
    const preload = pathToFileURL(join(import.meta.dirname, '../support/preload/dns.ts')).href;
    const url = { port: 0 };
    let moved: FaultProxy | undefined;
    const judgement = await underFire(
      {
        proxied: true,
        load,
        restEndpoint: (origin) => {
          url.port = Number(new URL(origin).port);
          return `http://braze.invalid:${url.port}`;
        },
        env: { NODE_OPTIONS: `--import=${preload}`, TEST_DNS_FILE: file },
        // When the first address goes, what is under way there is cut.
        mayDouble: ({ metric }) => metric('brazier_delivery_attempts_total', 'status_class="none"'),
      },
      async (harness) => {
        const { proxy, sandbox, brazeUrl, produce, drained, server, dice } = harness;
        await expectHalted(harness, 'host_unknown');
        resolveTo('EAI_AGAIN');
        await vi.waitFor(() => expect(server.stderr()).toContain('"code":"eai_again"'), PATIENT);
        expect(sandbox.requests()).toEqual([]);
        resolveTo('127.0.0.1');
        await drained();
        await proxy.close();
        moved = await startProxy(brazeUrl, dice, { host: '127.0.0.2', port: url.port });
        resolveTo('127.0.0.2');
        for (let turn = 0; turn < 5; turn += 1) await produce(`moved-${turn}`);
        await drained();
      },
    ).finally(() => moved?.close());
    expect(judgement.deadLetters).toBe(0);
  });
});

/** CI has openssl: there a row that is left out is a fault. */
const isPossible = hasOpenssl || process.env.CI !== undefined;
if (!isPossible) console.warn('row 36 IS NOT RUN: there is no openssl to make certificates with');

describe.skipIf(!isPossible)('row 36: TLS', { timeout: 180_000, concurrent: true }, () => {
  const certificates = isPossible ? makeCertificates(folder) : undefined;
  const FAULTS: [string, (made: Certificates) => ServerOptions | undefined, string][] = [
    ['whose certificate has expired', ({ expired }) => expired, 'tls_refused'],
    ['whose certificate is of another host', ({ wrongHost }) => wrongHost, 'tls_refused'],
    ['whose certificate nobody vouches for', ({ selfSigned }) => selfSigned, 'tls_refused'],
    [
      'of version 1.1 alone',
      ({ good }) => ({ ...good, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
      'tls_refused',
    ],
    ['whose handshake never ends', () => undefined, 'etimedout'],
  ];
  it.each(FAULTS)('%s is refused, tried slowly and never without', async (_, wrong, code) => {
    if (!certificates) throw new Error('no certificates');
    let braze = '';
    const front = await startTlsFront(() => braze);
    front.use(wrong(certificates));
    const judgement = await underFire(
      {
        load,
        destination: { requestTimeoutMs: 2_000 },
        restEndpoint: (origin) => {
          braze = origin;
          return front.url;
        },
        env: { NODE_EXTRA_CA_CERTS: certificates.caFile },
      },
      async (harness) => {
        const { producer, sandbox, server, drained, ready } = harness;
        if (code === 'tls_refused') await expectHalted(harness, code);
        else await vi.waitFor(() => expect(server.stderr()).toContain(`"code":"${code}"`), PATIENT);
        await producer.done;
        expect((await fetch(`${ready.admin}/health/ready`)).status).toBe(200);
        expect(sandbox.requests()).toEqual([]);
        // What was under way at first, and one try after each wait.
        expect(front.connections).toBeLessThanOrEqual(3 * UNDER_WAY);
        front.use(certificates.good);
        await drained();
      },
    ).finally(() => front.close());
    expect(judgement).toMatchObject({ doubled: 0, deadLetters: 0 });
  });
});
