/** Two devices of one user, through the real process: whether the second one's past is joined, also after a kill. */
import { afterEach, expect, it, vi } from 'vitest';
import { type RunningSandbox, startSandbox } from '../support/sandbox.ts';
import { makeFolder, type Ready, type ServerFolder, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function prepare(linkCall: string, more: object = {}): Promise<[RunningSandbox, ServerFolder]> {
  const braze = await startSandbox();
  cleanups.push(braze.close);
  const folder = makeFolder(braze.url, { linkCall, lingerMs: 5, identifyQuietMs: 0, ...more });
  cleanups.push(folder.remove);
  return [braze, folder];
}

async function serve(folder: ServerFolder) {
  const server = startProcess(['serve', '--config', folder.configFile]);
  cleanups.push(() => server.kill('SIGKILL'));
  const ready = await server.ready;
  return { ...server, ready };
}

async function send({ http }: Ready, folder: ServerFolder, batch: readonly object[]): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}`;
  const body = JSON.stringify({ batch });
  const reply = await fetch(`${http}/v1/batch`, { method: 'POST', headers: { authorization }, body });
  expect(reply.status).toBe(200);
}

/** A visit on a device: an anonymous event, then the login. */
const visit = (anonymousId: string, event: string) => [
  { type: 'track', anonymousId, event },
  { type: 'identify', anonymousId, userId: 'kim', traits: { tier: 'gold' } },
];

async function metric({ admin }: Ready, line: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return Number(
    text
      .split('\n')
      .find((each) => each.startsWith(`${line} `))
      ?.split(' ')[1] ?? 0,
  );
}

const settled = ({ ready }: { readonly ready: Ready }, count: number) =>
  vi.waitFor(
    async () => {
      const labels = ['delivered', 'filtered', 'rejected'];
      const counts = await Promise.all(
        labels.map((outcome) =>
          metric(ready, `brazier_events_total{destination="braze",outcome="${outcome}"}`),
        ),
      );
      expect(counts.reduce((sum, each) => sum + each)).toBe(count);
    },
    { timeout: 60_000, interval: 20 },
  );

/** Names of events by external id; those of nobody under ''. */
const pasts = ({ sandbox }: RunningSandbox) =>
  Object.fromEntries(
    sandbox.users().map((user) => [user.external_id ?? '', user.events.map(({ name }) => name)]),
  );

it('with linkCall: identify the second past is orphaned, and a warning counts it', async () => {
  const [braze, folder] = await prepare('identify');
  const server = await serve(folder);
  await send(server.ready, folder, visit('phone', 'On the phone'));
  await settled(server, 2);
  await send(server.ready, folder, visit('laptop', 'On the laptop'));
  await settled(server, 4);
  expect(pasts(braze)).toEqual({ kim: ['On the phone'], '': ['On the laptop'] });
  const warning = 'brazier_transform_warnings_total{destination="braze",code="link_without_effect"}';
  expect(await metric(server.ready, warning)).toBe(1);
  expect(server.stderr()).toContain('linkCall: auto would merge this one');
});

it('with linkCall: auto it is joined, also when the process was killed between the two devices', async () => {
  const [braze, folder] = await prepare('auto');
  const first = await serve(folder);
  await send(first.ready, folder, visit('phone', 'On the phone'));
  await settled(first, 2);
  first.kill('SIGKILL');
  await first.exited;
  const second = await serve(folder);
  await send(second.ready, folder, visit('laptop', 'On the laptop'));
  // What was not committed when it was killed is sent again: an event may be there twice.
  const joined = () => expect(Object.keys(pasts(braze))).toEqual(['kim']);
  const arrived = () => expect(pasts(braze).kim).toContain('On the laptop');
  await vi.waitFor(() => [arrived(), joined()], { timeout: 60_000 });
});

it('does not send again what Braze has, also when the process was killed in between', async () => {
  const [, folder] = await prepare('auto', { supportDedup: true });
  const first = await serve(folder);
  await send(first.ready, folder, visit('phone', 'On the phone'));
  await settled(first, 2);
  first.kill('SIGKILL');
  await first.exited;
  const second = await serve(folder);
  await send(second.ready, folder, visit('phone', 'Again').slice(1));
  const filtered = 'brazier_events_filtered_total{destination="braze",reason="unchanged_attributes"}';
  await vi.waitFor(async () => expect(await metric(second.ready, filtered)).toBeGreaterThan(0), {
    timeout: 60_000,
  });
  const unchanged = 'brazier_attributes_unchanged_total{destination="braze"}';
  expect(await metric(second.ready, unchanged)).toBeGreaterThan(0);
  const kind = (name: string) => `brazier_operations_left_out_total{destination="braze",kind="${name}"}`;
  expect(await metric(second.ready, kind('identify'))).toBeGreaterThan(0);
  expect(await metric(second.ready, kind('attributes'))).toBeGreaterThan(0);
});
