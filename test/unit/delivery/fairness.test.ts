/** Who waits for whom: what is stuck, held or tried again must not keep the rest from going, nor go without end itself. */
import { describe, expect, it, vi } from 'vitest';
import type { Operation } from '../../../src/model/operation.ts';
import type { Clock } from '../../../src/model/time.ts';
import { addPeople, cleanups, event, fault, type Rig, rig } from './rig.ts';

/** A clock that runs `speed` times as fast as the machine's. */
function fastClock(speed: number): Clock {
  return {
    monotonicMs: () => performance.now() * speed,
    epochMs: () => Date.now(),
    delay: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const timer = setTimeout(resolve, ms / speed);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      }),
  };
}

function identify(user: string, alias: string): Operation {
  const text = JSON.stringify({ external_id: user, user_alias: { alias_name: alias, alias_label: 'r' } });
  const keys = [`external_id:${user}`, `alias:r:${alias}`];
  return { kind: 'identify', keys, text, bytes: Buffer.byteLength(text), part: 'identify:0' };
}

/** Keeps adding new people until the test ends. */
function feed(t: Rig, people: number, everyMs: number): () => void {
  let turn = 0;
  const timer = setInterval(() => addPeople(t, people, `fed${turn++}-`), everyMs);
  const stop = () => clearInterval(timer);
  cleanups.push(stop);
  return stop;
}

const PATIENT = { timeout: 60_000, interval: 5 };

describe('delivery, fairly', () => {
  it('objects that always fail stop nobody: one request a second goes whatever they take', async () => {
    const t = await rig({ clock: fastClock(500), random: () => 1, concurrency: { start: 2, max: 16 } });
    for (const who of ['sick0', 'sick1']) {
      t.sandbox.addFaults([fault({ status: 500 }, { externalId: who })]);
      t.delivery.add([event(who, 'e')], who);
      await vi.waitFor(() => expect(t.attempts.length).toBeGreaterThan(0), PATIENT);
    }
    // Ten failures of each: enough to shrink the concurrency to one.
    await vi.waitFor(() => expect(t.attempts.length).toBeGreaterThan(20), PATIENT);
    for (const who of ['late0', 'late1', 'late2']) {
      t.delivery.add([event(who, 'e')], who);
      await vi.waitFor(() => expect(t.outcomes.has(who)).toBe(true), PATIENT);
    }
  });

  it('a link goes in its turn while users’ data never runs dry', async () => {
    const t = await rig({ concurrency: { start: 1, max: 1 }, lingerMs: 5 }, { latencyMs: 20 });
    feed(t, 100, 20);
    await vi.waitFor(() => expect(t.attempts.length).toBeGreaterThan(3), PATIENT);
    t.delivery.add([identify('kim', 'a1')], 'link');
    await vi.waitFor(() => expect(t.outcomes.has('link')).toBe(true), PATIENT);
  });

  it('a request that is tried again gets its turn while new ones use up the rate', async () => {
    const t = await rig({ rateLimit: { requests: 20, perSeconds: 1 }, lingerMs: 5 });
    t.sandbox.addFaults([fault({ status: 503 }, { externalId: 'again' }, 6)]);
    t.delivery.add([event('again', 'e')], 'again');
    feed(t, 400, 20);
    await vi.waitFor(() => expect(t.outcomes.has('again')).toBe(true), PATIENT);
  });

  it('links that become quiet a few at a time still go many to a request', async () => {
    const t = await rig({ identifyQuietMs: 300, lingerMs: 100, concurrency: { start: 64, max: 64 } });
    await new Promise((resolve) => setTimeout(resolve, 320));
    const begun = performance.now();
    // Full requests of data, each with one person who has a link: so each link has a moment of its own.
    for (let turn = 0; turn < 200; turn += 1) {
      addPeople(t, 75, `turn${turn}-`);
      t.delivery.add([identify(`turn${turn}-0`, `a${turn}`)], `link${turn}`);
      if (turn % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await vi.waitFor(() => expect(t.outcomes.has('link199')).toBe(true), PATIENT);
    const links = t.attempts.filter(({ endpoint }) => endpoint === '/users/identify');
    // One for each linger that went by, and those that were full.
    expect(links.length).toBeLessThanOrEqual((performance.now() - begun) / 100 + 4);
  });
});
