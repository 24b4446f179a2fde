/** Keys, addresses and traits do not leave the process but to Braze: not even when all goes wrong at once. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PATIENT } from '../support/harness.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const KEY = 'canary-key-7b1f';
const WRITE_KEY = 'canary-write-key-02ac';
const EMAIL = 'canary@example.com';
const TRAIT = 'canary-trait-55e0';
const PERSON = 'canary-person-19d3';
const HOOK = 'canary-hook-4c1d';
const SIGNING_KEY = 'canary-signing-key-88e0';
const ALL = [KEY, WRITE_KEY, EMAIL, TRAIT, PERSON, HOOK, SIGNING_KEY];

const leaks = (texts: Readonly<Record<string, string>>) =>
  Object.entries(texts).flatMap(([name, text]) =>
    ALL.filter((secret) => text.includes(secret)).map((secret) => `${secret} in ${name}`),
  );

/** What a process writes that ends by an error which quotes everything: thrown from outside, by a preloaded file. */
function crashFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'brazier-canary-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'crash.mjs');
  const text = JSON.stringify(ALL.join(' '));
  writeFileSync(
    file,
    `process.on('SIGUSR2', () => { throw Object.assign(new TypeError(${text}), { code: 'ERR_X' }); });
     process.on('SIGPIPE', () => { Promise.reject(new Error(${text})); });`,
  );
  return file;
}

async function rig() {
  const { sandbox, url, close } = await startSandbox({ apiKey: KEY });
  const folder = makeFolder(
    url,
    { restApiKey: KEY, lingerMs: 5 },
    {
      sources: [{ id: 'shop', writeKey: WRITE_KEY }],
      // Nobody listens there, so that it has something to complain of.
      alerts: {
        webhooks: [{ id: 'ops', url: `http://127.0.0.1:1/${HOOK}`, signingKey: SIGNING_KEY }],
        holdMs: 0,
        diskFreeRatio: 1,
      },
    },
  );
  const env = { NODE_OPTIONS: `--import ${crashFile()}` };
  const server = startProcess(['serve', '--config', folder.configFile], env);
  onTestFinished(async () => {
    server.kill('SIGKILL');
    await server.exited;
    await close();
    folder.remove();
  });
  const ready = await server.ready;
  const answers: string[] = [];
  const post = async (path: string, body: string, writeKey = WRITE_KEY) => {
    const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
    const reply = await fetch(`${ready.http}${path}`, { method: 'POST', headers: { authorization }, body });
    answers.push(JSON.stringify([...reply.headers]) + (await reply.text()));
  };
  const admin = async (path: string, token: string) =>
    (await fetch(`${ready.admin}${path}`, { headers: { authorization: `Bearer ${token}` } })).text();
  const cli = async (...args: string[]) => {
    const child = startProcess([...args, '--config', folder.configFile]);
    await child.exited;
    return child.stdout() + child.stderr();
  };
  return { sandbox, folder, server, ready, answers, post, admin, cli };
}

const identify = JSON.stringify({
  type: 'identify',
  userId: PERSON,
  traits: { email: EMAIL, plan: TRAIT },
  context: { traits: { nick: TRAIT } },
});

/** Braze's replies quote what was sent, the key too. */
const quoting = { message: `Invalid API key ${KEY} for ${EMAIL}: ${TRAIT} of ${PERSON}`, errors: [TRAIT] };

test.each(['SIGUSR2', 'SIGPIPE'] as const)(
  'row 50: no canary is in logs, metrics, listings, answers or the output of a crash (%s)',
  {
    timeout: 300_000,
  },
  async (crash) => {
    const t = await rig();
    const told = (text: string) => vi.waitFor(() => expect(t.server.stderr()).toContain(text), PATIENT);
    const match = { path: '/users/track' };
    const faults = [500, 400].map((status) => ({ match, times: 1, do: { status, body: quoting } }));
    t.sandbox.addFaults(faults);
    await t.post('/v1/identify', identify);
    await told('dead letter');
    t.sandbox.addFaults([
      { match, times: 1, do: { status: 401, body: quoting, headers: { 'x-echo': KEY } } },
    ]);
    await t.post('/v1/identify', identify);
    await told('halted');
    await told('alert_not_told');
    for (const [path, body] of [
      ['/v1/batch', `{"batch":[${identify},{"userId":"${PERSON}","${TRAIT}":1}]}`],
      ['/v1/batch', `{"batch":[${identify}`],
      ['/v1/batch', `"${EMAIL}"`],
      ['/v1/track', `{"type":"track","${TRAIT}":"${EMAIL}"}`],
      [`/v1/${TRAIT}?key=${WRITE_KEY}`, identify],
    ] as const)
      await t.post(path, body);
    await t.post('/v1/batch', identify, `${WRITE_KEY}-wrong`);
    const token = readFileSync(t.folder.tokenFile, 'utf8').trim();
    const shown = {
      answers: t.answers.join('\n'),
      metrics: await (await fetch(`${t.ready.admin}/metrics`)).text(),
      readiness: await (await fetch(`${t.ready.admin}/health/ready`)).text(),
      destinations: await t.admin('/destinations', token),
      letters: await t.admin('/dead-letters?limit=1000', token),
      refusal: await t.admin('/dead-letters', `${KEY}-wrong`),
      'dead-letters list': await t.cli('dead-letters', 'list'),
      'dead-letters list --json': await t.cli('dead-letters', 'list', '--json'),
      check: await t.cli('check'),
      'alerts test': await t.cli('alerts', 'test'),
    };
    expect(shown['alerts test']).toContain('econnrefused');
    expect(shown.letters).toContain('braze_refused');
    expect(shown['dead-letters list --json']).toContain('braze_refused');
    // The canaries sing where they are asked to.
    expect(await t.admin('/dead-letters?limit=1000&showPayload=true', token)).toContain(EMAIL);
    t.server.kill(crash);
    expect(await t.server.exited).toBe(1);
    expect(t.server.stderr()).toContain('crashed');
    const processOutput = { stdout: t.server.stdout(), stderr: t.server.stderr() };
    expect(leaks({ ...shown, ...processOutput })).toEqual([]);
    for (const secret of [token])
      expect(Object.values({ ...shown, ...processOutput }).join('')).not.toContain(secret);
    const lines = processOutput.stderr.trimEnd().split('\n');
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ service: 'brazier' });
  },
);

test('row 50: a preload that throws at once shows that the test would see a leak', () => {
  const text = JSON.stringify(EMAIL);
  const { stderr } = spawnSync(process.execPath, ['-e', `throw new Error(${text})`], { encoding: 'utf8' });
  expect(leaks({ stderr })).toEqual([`${EMAIL} in stderr`]);
});
