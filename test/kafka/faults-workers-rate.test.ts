/** Several workers of one destination share its limit, whoever of them comes or goes. */
import { expect, it, vi } from 'vitest';
import { describeKafka } from '../support/kafka/shared.ts';
import { NOBODY_DIES, type Workforce, withWorkers } from '../support/kafka/workers.ts';

/** The sandbox's and Braze's window. */
const WINDOW_MS = 3_000;
const LIMIT = 12;
/** Enough for all that is looked at, 75 events a request. */
const load = { lanes: 4, peoplePerLane: 100, eventsPerBatch: 200, batchesPerLane: 20 };

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

/** The first so many windows from now on, one after the other, in which the limit is used. */
function used(workforce: Workforce, count: number): Promise<Window[]> {
  const from = Date.now();
  return vi.waitFor(
    () => {
      const last = windowsOf(workforce, from, Date.now()).slice(-count);
      expect(last).toHaveLength(count);
      expect(sum(last, ({ taken }) => taken) / count, 'requests in a window').toBeGreaterThan(0.7 * LIMIT);
      return last;
    },
    { timeout: 60_000, interval: WINDOW_MS / 3 },
  );
}

describeKafka('the limit of a destination with several workers', () => {
  it('is kept by three together, and used by those that are left and by those that come', {
    timeout: 400_000,
  }, async () => {
    const rateLimit = { requests: LIMIT, perSeconds: WINDOW_MS / 1_000 };
    const options = {
      load,
      workers: 0,
      sandbox: { rateLimit: LIMIT },
      destination: { rateLimit },
      log: NOBODY_DIES,
    };
    await withWorkers(options, async (workforce) => {
      const { hire, dealt, producer, workers, drained, sandbox } = workforce;
      await producer.done;
      await Promise.all([hire(), hire(), hire()]);
      await dealt();
      const three = await used(workforce, 2);
      await workers[0]?.end('SIGTERM');
      await dealt();
      const two = await used(workforce, 1);
      await hire();
      await dealt();
      const again = await used(workforce, 1);
      console.log({ limit: LIMIT, three, two, again });
      await drained();
      const track = sandbox.requests().filter(({ path }) => path === '/users/track');
      const refused = track.filter(({ status }) => status === 429).length;
      console.log({ requests: track.length, refused });
      expect(refused / track.length, 'part that is refused').toBeLessThan(0.02);
    });
  });
});
