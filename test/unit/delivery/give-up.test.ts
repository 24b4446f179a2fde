import { describe, expect, it, vi } from 'vitest';
import type { Sent } from '../../../src/delivery/attempt.ts';
import type { Operation } from '../../../src/model/operation.ts';
import { rejected } from '../../../src/model/outcome.ts';
import { addPeople, cleanups, event, fault, rig, settled } from './rig.ts';

const EXPIRED = rejected('expired', 'expired', 'too old');

function attributes(user: string): Operation {
  const text = JSON.stringify({ external_id: user, plan: 'gold' });
  return {
    kind: 'attributes',
    keys: [`external_id:${user}`],
    text,
    bytes: Buffer.byteLength(text),
    part: 'attributes:0',
  };
}

describe('an operation that has grown too old', () => {
  it('is not sent, and its neighbours are', async () => {
    const t = await rig({ expired: (owner) => (owner === 'u1' ? EXPIRED : undefined) });
    addPeople(t, 3);
    await settled(t, 3);
    expect(t.outcomes.get('u1')).toBe(EXPIRED);
    expect(t.sandbox.users().map(({ external_id }) => external_id)).toEqual(['u0', 'u2']);
  });

  it('is given up while Braze keeps failing on its request', async () => {
    let isOld = false;
    const t = await rig({ expired: () => (isOld ? EXPIRED : undefined) });
    t.sandbox.addFaults([fault({ status: 503 })]);
    addPeople(t, 2);
    await vi.waitFor(() => expect(t.attempts.length).toBeGreaterThan(1));
    isOld = true;
    await settled(t, 2);
    expect([...t.outcomes.values()]).toEqual([EXPIRED, EXPIRED]);
  });

  it('that was the probe of a halt leaves the gate to the next one', async () => {
    const old = new Set<string>();
    const t = await rig({ expired: (owner) => (old.has(owner) ? EXPIRED : undefined) });
    t.sandbox.addFaults([fault({ status: 401 }, { externalId: 'u0' })]);
    addPeople(t, 1);
    await vi.waitFor(() => expect(t.delivery.halted?.code).toBe('key_refused'));
    t.delivery.add([event('u1', 'e')], 'u1');
    old.add('u0');
    await settled(t, 2);
    expect(t.outcomes.get('u0')).toBe(EXPIRED);
    expect(t.outcomes.get('u1')?.status).toBe('delivered');
    expect(t.delivery.halted).toBeUndefined();
  });
});

describe('a reply that was lost', () => {
  it('where uncertain ones are held: makes events uncertain, and sends attributes again', async () => {
    const t = await rig({ holdUncertain: true });
    t.sandbox.addFaults([fault({ reset: 'after' }, {}, 1)]);
    t.delivery.add([event('u0', 'e')], 'u0');
    t.delivery.add([attributes('u1')], 'u1');
    await settled(t, 2);
    expect(t.outcomes.get('u0')).toMatchObject({ kind: 'uncertain', code: 'reply_lost' });
    expect(t.outcomes.get('u1')?.status).toBe('delivered');
    expect(t.sandbox.users().find(({ external_id }) => external_id === 'u0')?.events.length).toBe(1);
  });

  it('is no loss where nothing was sent: a refused connection is tried on', async () => {
    const t = await rig({ holdUncertain: true });
    t.sandbox.addFaults([fault({ status: 503 }, {}, 2)]);
    addPeople(t, 1);
    await settled(t, 1);
    expect(t.outcomes.get('u0')?.status).toBe('delivered');
  });

  it('shows in the trace that is settled with the outcome', async () => {
    const traces: Sent<string>['trace'][] = [];
    const t = await rig({
      settle: async ({ trace }) => {
        traces.push(trace);
      },
    });
    t.sandbox.addFaults([fault({ reset: 'after' }, {}, 1), fault({ status: 503 }, {}, 1)]);
    addPeople(t, 2);
    await vi.waitFor(() => expect(traces.length).toBe(1));
    expect(traces[0]).toMatchObject({ fateUnknown: true, attemptCount: 3, objects: 2 });
    expect(traces[0]?.attempts.map(({ status }) => status)).toEqual([null, 503, 201]);
  });
});

describe('a request', () => {
  it('leaves only when what must be durable before is', async () => {
    const marked = Promise.withResolvers<void>();
    const t = await rig({ leaving: () => marked.promise });
    addPeople(t, 1);
    await vi.waitFor(() => expect(t.delivery.running).toBe(1));
    expect(t.sandbox.requests()).toEqual([]);
    marked.resolve();
    await settled(t, 1);
  });

  it('that fails does not stop the others even where one is the most: another goes each second', async () => {
    const t = await rig({ concurrency: { start: 1, max: 1 }, poisonAfterMs: 60_000 });
    t.sandbox.addFaults([fault({ status: 500 }, { externalId: 'poison' })]);
    t.delivery.add([event('poison', '1')], 'poison');
    await vi.waitFor(() => expect(t.attempts.length).toBeGreaterThan(0));
    addPeople(t, 150);
    await settled(t, 150);
    expect(t.outcomes.has('poison')).toBe(false);
  });

  it('with several poisonous objects wears them out side by side', async () => {
    const t = await rig({ poisonAfterMs: 400 });
    for (const who of ['p0', 'p1', 'p2', 'p3']) {
      t.sandbox.addFaults([fault({ status: 500 }, { externalId: who })]);
      t.delivery.add([event(who, '1')], who);
    }
    const feeding = setInterval(() => addPeople(t, 75, `others${t.attempts.length}-`), 5);
    cleanups.push(() => clearInterval(feeding));
    const ends = new Map<string, number>();
    await vi.waitFor(
      () => {
        for (const who of ['p0', 'p1', 'p2', 'p3'])
          if (t.outcomes.has(who) && !ends.has(who)) ends.set(who, performance.now());
        expect(ends.size).toBe(4);
      },
      { timeout: 60_000, interval: 5 },
    );
    const times = [...ends.values()];
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(3 * 400);
  });
});
