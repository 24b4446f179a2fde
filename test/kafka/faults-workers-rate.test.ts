/** Several workers of one destination share its limit, whoever of them comes or goes. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeKafka } from '../support/kafka/shared.ts';
import { type Workforce, withWorkers } from '../support/kafka/workers.ts';

/** The sandbox's and Braze's window. */
const WINDOW_MS = 3_000;
const LIMIT = 20;
/** Enough for all that is looked at, 75 events a request. */
const load = { lanes: 4, peoplePerLane: 100, eventsPerBatch: 200, batchesPerLane: 34 };

interface Window {
  taken: number;
  refused: number;
}

/** Of the track requests, window by window, from one time to another; whole windows alone. */
function windowsOf({ sandbox }: Workforce, from: number, to: number): Window[] {
  const first = Math.ceil(from / WINDOW_MS);
  const count = Math.floor(to / WINDOW_MS) - first;
  const windows = Array.from({ length: count }, () => ({ taken: 0, refused: 0 }));
  for (const { path, status, at } of sandbox.requests()) {
    const window = windows[Math.floor(Date.parse(at) / WINDOW_MS) - first];
    if (!window || path !== '/users/track') continue;
    if (status === 429) window.refused += 1;
    else window.taken += 1;
  }
  return windows;
}

const sum = (windows: readonly Window[], of: (window: Window) => number) =>
  windows.reduce((total, window) => total + of(window), 0);

/** What is sent in some windows from now on. */
async function look(workforce: Workforce, windows: number): Promise<Window[]> {
  const from = Date.now();
  await wait((windows + 1) * WINDOW_MS);
  return windowsOf(workforce, from, Date.now());
}

describeKafka('the limit of a destination with several workers', () => {
  it('is kept by three together, and used by those that are left and by those that come', {
    timeout: 300_000,
  }, async () => {
    const rateLimit = { requests: LIMIT, perSeconds: WINDOW_MS / 1_000 };
    const options = { load, workers: 0, sandbox: { rateLimit: LIMIT }, destination: { rateLimit } };
    await withWorkers(options, async (workforce) => {
      const { hire, dealt, producer, workers, drained, sandbox } = workforce;
      await producer.done;
      await Promise.all([hire(), hire(), hire()]);
      await dealt();
      const three = await look(workforce, 2);
      await workers[0]?.end('SIGTERM');
      await dealt();
      const two = await look(workforce, 1);
      await hire();
      await dealt();
      const again = await look(workforce, 1);
      console.log({ limit: LIMIT, three, two, again });
      await drained();
      const track = sandbox.requests().filter(({ path }) => path === '/users/track');
      const refused = track.filter(({ status }) => status === 429).length;
      console.log({ requests: track.length, refused });
      expect(refused / track.length, 'part that is refused').toBeLessThan(0.02);
      for (const windows of [three, two, again]) {
        expect(sum(windows, ({ taken }) => taken) / windows.length).toBeGreaterThan(0.7 * LIMIT);
      }
    });
  });
});
