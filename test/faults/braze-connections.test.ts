/** Between us and Braze connections break, hang and are closed at the wrong moment; a lost reply doubles one request at most. */
import { describe, expect, it, vi } from 'vitest';
import { type Harness, underFire } from '../support/harness.ts';
import type { FaultProxy, ProxyFault } from '../support/proxy.ts';

/** Short enough for a test, long enough that a busy machine answers in time. */
const REQUEST_TIMEOUT_MS = 1_500;
const destination = { requestTimeoutMs: REQUEST_TIMEOUT_MS, lingerMs: 2 };
const load = { batchesPerLane: 12, eventsPerBatch: 10 };

/** Attempts that got no reply: what each of them held may have been counted. */
const lostReplies = ({ metric }: Harness) => metric('brazier_delivery_attempts_total', 'status_class="none"');

describe('row 27: Braze accepts', { timeout: 180_000 }, () => {
  it.each([
    ['and never answers', { hang: true }],
    ['and answers when nobody waits any more', { delayMs: 2 * REQUEST_TIMEOUT_MS }],
  ])('%s: sent again, counted twice at most once for each lost reply', async (_, fault) => {
    let lost = 0;
    const judgement = await underFire(
      { load, destination, mayDouble: lostReplies },
      async ({ sandbox, drained, metric }) => {
        sandbox.addFaults([{ times: 4, do: fault }]);
        await drained();
        lost = await metric('brazier_delivery_attempts_total', 'status_class="none"');
      },
    );
    expect(lost).toBeGreaterThanOrEqual(4);
    expect(judgement.doubled, 'the ghosts are seen').toBeGreaterThan(0);
    expect(judgement.deadLetters).toBe(0);
  });
});

/** Strikes again and again while the load runs, here and there. */
async function strikeWhileLoaded(
  { proxy, drained, dice }: Harness,
  faults: (dice: () => number) => ProxyFault,
) {
  for (let strike = 0; strike < 6; strike += 1) {
    const before = proxy.struck;
    proxy.strike(faults(dice), { times: 1, probability: 0.7 });
    await vi
      .waitFor(() => expect(proxy.struck).toBeGreaterThan(before), { timeout: 2_000 })
      .catch(() => undefined);
  }
  await drained();
  expect(proxy.struck, 'connections that the fault befell').toBeGreaterThan(0);
}

const CUTS: [string, (dice: () => number) => ProxyFault, (proxy: FaultProxy) => number][] = [
  [
    'cut within the request',
    (dice) => ({ kind: 'resetRequest', afterBytes: Math.floor(dice() * 400) }),
    () => 0,
  ],
  ['cut before the reply', () => ({ kind: 'resetReply', afterBytes: 0 }), ({ uncertain }) => uncertain],
  [
    'cut within the reply',
    (dice) => ({ kind: 'resetReply', afterBytes: 1 + Math.floor(dice() * 150) }),
    ({ uncertain }) => uncertain,
  ],
];

describe('row 28: a connection that is', { timeout: 180_000 }, () => {
  it.each(CUTS)('%s: the request goes again, order is kept', async (_, fault, uncertain) => {
    const judgement = await underFire(
      {
        proxied: true,
        load: { ...load, batchesPerLane: 30 },
        destination: { lingerMs: 2 },
        mayDouble: ({ proxy }) => uncertain(proxy),
      },
      (harness) => strikeWhileLoaded(harness, fault),
    );
    expect(judgement.deadLetters).toBe(0);
  });

  it.each<[string, ProxyFault]>([
    ['half open: the reply never comes', { kind: 'halfOpen' }],
    ['a black hole: nothing arrives', { kind: 'blackHole' }],
  ])('%s: given up after requestTimeoutMs and sent again', async (_, fault) => {
    const judgement = await underFire(
      { proxied: true, load, destination, mayDouble: lostReplies },
      async ({ proxy, drained }) => {
        proxy.strike(fault, { times: 3 });
        await drained();
        expect(proxy.struck).toBe(3);
      },
    );
    expect(judgement.deadLetters).toBe(0);
  });

  it('slow, the reply in pieces: waited for, nothing is sent twice', async () => {
    const judgement = await underFire(
      { proxied: true, load: { ...load, batchesPerLane: 4 } },
      async ({ proxy, drained }) => {
        proxy.strike({ kind: 'trickle', bytes: 20, everyMs: 30 });
        await drained();
      },
    );
    expect(judgement).toMatchObject({ doubled: 0, deadLetters: 0 });
  });
});

describe('row 29: an idle connection that is closed just as it is used again', { timeout: 180_000 }, () => {
  it('costs nothing but another connection: sent again at once', async () => {
    const judgement = await underFire(
      { proxied: true, load: false, destination: { lingerMs: 0 } },
      async ({ proxy, produce, drained, metric }) => {
        await produce('warm-up');
        await drained();
        proxy.strike({ kind: 'closeReused' }, { times: 5 });
        for (let turn = 0; turn < 8; turn += 1) {
          await produce(`person-${turn}`);
          await drained();
        }
        expect(proxy.struck).toBe(5);
        expect(await metric('brazier_delivery_attempts_total', 'status_class="none"')).toBe(5);
      },
    );
    expect(judgement).toMatchObject({ doubled: 0, deadLetters: 0 });
  });

  it('by a Braze that closes them after a millisecond: everything arrives', async () => {
    const judgement = await underFire(
      {
        sandbox: { keepAliveTimeoutMs: 1 },
        load: { ...load, batchesPerLane: 30 },
        destination: { lingerMs: 2 },
        mayDouble: lostReplies,
      },
      async ({ drained, metric, sandbox }) => {
        await drained();
        const lost = await metric('brazier_delivery_attempts_total', 'status_class="none"');
        console.log('raced', lost, 'of', sandbox.requests().length);
      },
    );
    expect(judgement.deadLetters).toBe(0);
  });
});

describe('every other fault of the network, at random', { timeout: 180_000 }, () => {
  it('is survived by all, in order', async () => {
    await underFire(
      { proxied: true, load: { ...load, batchesPerLane: 25 }, destination, mayDouble: lostReplies },
      async ({ proxy, dice, producer, drained }) => {
        const kinds: (() => ProxyFault)[] = [
          () => ({ kind: 'resetRequest', afterBytes: Math.floor(dice() * 2_000) }),
          () => ({ kind: 'resetReply', afterBytes: Math.floor(dice() * 200) }),
          () => ({ kind: 'halfOpen' }),
          () => ({ kind: 'closeReused' }),
          () => ({ kind: 'trickle', bytes: 50, everyMs: 10 }),
        ];
        let isLoaded = true;
        producer.done.then(() => {
          isLoaded = false;
        });
        for (let turn = 0; isLoaded || turn < 20; turn += 1) {
          const make = kinds[Math.floor(dice() * kinds.length)];
          if (make) proxy.strike(make(), { times: 1, probability: 0.3 });
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        await drained();
        console.log('struck', proxy.struck);
      },
    );
  });
});
