import { describe, expect, it, vi } from 'vitest';
import { addPeople, cleanups, event, fault, rig, settled, statuses } from './rig.ts';

describe('delivery', () => {
  it('sends full requests at once and the rest after the linger', async () => {
    // Longer than the full ones take on a busy machine.
    const t = await rig({ lingerMs: 2_000 });
    addPeople(t, 160);
    await settled(t, 150);
    expect(t.attempts.map(({ objects }) => objects)).toEqual([75, 75]);
    await settled(t, 160);
    expect(t.attempts.map(({ objects }) => objects)).toEqual([75, 75, 10]);
  });

  it('has plenty when as much stands ready as the requests that may be under way carry together', async () => {
    const t = await rig({ concurrency: { start: 2, max: 2 }, rateLimit: { requests: 1, perSeconds: 3_600 } });
    addPeople(t, 75);
    await settled(t, 75);
    addPeople(t, 149, 'v');
    expect(t.delivery.hasPlenty).toBe(false);
    addPeople(t, 1, 'w');
    expect(t.delivery.hasPlenty).toBe(true);
  });

  it('keeps the order of a person through failures, and loses nothing', async () => {
    const t = await rig();
    t.sandbox.addFaults([
      { probability: 0.4, do: { status: 503 } },
      { probability: 0.2, do: { reset: 'before' } },
    ]);
    for (let round = 0; round < 10; round += 1) {
      for (let who = 0; who < 30; who += 1)
        t.delivery.add([event(`u${who}`, `${round}`)], `u${who}/${round}`);
    }
    await settled(t, 300);
    for (const { events } of t.sandbox.users()) {
      expect(events.map(({ name }) => name)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    }
    expect(t.sandbox.users().length).toBe(30);
  });

  it('a person whose request is tried again holds up nobody else', async () => {
    const t = await rig();
    t.sandbox.addFaults([fault({ status: 500 }, { externalId: 'sick' })]);
    t.delivery.add([event('sick', 'e')], 'sick');
    await vi.waitFor(() => expect(t.attempts.length).toBeGreaterThan(0));
    addPeople(t, 500);
    await settled(t, 500);
    expect(t.outcomes.has('sick')).toBe(false);
  });

  it('sends nothing before the reset that a 429 names', async () => {
    const t = await rig();
    t.sandbox.addFaults([fault({ status: 429, headers: { 'x-ratelimit-reset': '1' } }, {}, 1)]);
    addPeople(t, 200);
    const start = performance.now();
    await settled(t, 200);
    expect(performance.now() - start).toBeGreaterThan(1_000);
    const [first] = t.attempts;
    expect(first?.verdict).toMatchObject({ kind: 'retry', throttled: true });
  });

  it.each([{ 'retry-after': '0' }, { 'x-ratelimit-reset': '1700000000' }])(
    'a 429 whose wait is over already (%o) is waited for all the same: a second',
    async (headers) => {
      const t = await rig();
      t.sandbox.addFaults([fault({ status: 429, headers }, {}, 1)]);
      addPeople(t, 1);
      await settled(t, 1);
      expect(t.attempts[0]?.throttledMs).toBe(1_000);
      const [first, second] = t.sandbox.requests().map(({ at }) => Date.parse(at));
      expect(Number(second) - Number(first)).toBeGreaterThan(950);
    },
  );

  it('a lost reply is sent again: counted twice at most once per request under way', async () => {
    const t = await rig();
    t.sandbox.addFaults([fault({ reset: 'after' }, {}, 1)]);
    addPeople(t, 10);
    await settled(t, 10);
    expect(t.sandbox.users().map(({ events }) => events.length)).toEqual(Array(10).fill(2));
  });

  it('rejects what a 2xx names and sends nothing twice', async () => {
    const t = await rig();
    const bad = { ...event('u3', 'e'), text: '{"external_id":"u3","name":"e","time":"never"}' };
    for (const who of [0, 1, 2]) t.delivery.add([event(`u${who}`, 'e')], `u${who}`);
    t.delivery.add([bad], 'u3');
    await settled(t, 4);
    expect(t.outcomes.get('u3')).toMatchObject({
      status: 'rejected',
      kind: 'refused',
      code: 'braze_refused',
    });
    expect(statuses(t).get('delivered')?.length).toBe(3);
    expect(t.attempts.length).toBe(1);
  });

  it.each([400, 413])(
    'finds the one object behind a %i by halving, in at most 2·log2(75) extra requests',
    async (status) => {
      const t = await rig();
      t.sandbox.addFaults([fault({ status, body: { message: 'no' } }, { externalId: 'u37' })]);
      addPeople(t, 75);
      await settled(t, 75);
      expect(t.outcomes.get('u37')?.status).toBe('rejected');
      expect(statuses(t).get('delivered')?.length).toBe(74);
      expect(t.attempts.length - 1).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(75)));
      expect(t.sandbox.users().every(({ events }) => events.length === 1)).toBe(true);
    },
  );

  it('an object that fails with 500 while others pass ends alone in rejection, its neighbours are delivered', async () => {
    const t = await rig();
    t.sandbox.addFaults([fault({ status: 500 }, { externalId: 'poison' })]);
    t.delivery.add([event('poison', '1')], 'poison/1');
    t.delivery.add([event('poison', '2')], 'poison/2');
    addPeople(t, 70, 'neighbour');
    const feeding = setInterval(() => addPeople(t, 75, `others${t.attempts.length}-`), 5);
    cleanups.push(() => clearInterval(feeding));
    await vi.waitFor(() => expect(t.outcomes.get('poison/2')?.status).toBe('rejected'), { timeout: 60_000 });
    clearInterval(feeding);
    expect(t.outcomes.get('poison/1')).toMatchObject({ kind: 'exhausted', code: 'retries_exhausted' });
    const finished = [...t.outcomes.keys()];
    for (let index = 0; index < 70; index += 1) {
      expect(t.outcomes.get(`neighbour${index}`)?.status).toBe('delivered');
      expect(finished.indexOf(`neighbour${index}`)).toBeLessThan(finished.indexOf('poison/1'));
    }
  });

  it.each([
    [401, 'key_refused'],
    [403, 'permission_missing'],
    [404, 'wrong_host'],
  ])(
    'halts on %i, probes with one request alone, loses nothing and goes on by itself',
    async (status, code) => {
      const t = await rig();
      t.sandbox.addFaults([fault({ status })]);
      addPeople(t, 300);
      await vi.waitFor(() => expect(t.delivery.halted).toMatchObject({ code }));
      const beforeProbes = t.attempts.length;
      await vi.waitFor(() => expect(t.attempts.length).toBeGreaterThan(beforeProbes + 1));
      expect(t.delivery.running).toBeLessThanOrEqual(4);
      expect(t.outcomes.size).toBe(0);
      t.sandbox.clearFaults();
      await settled(t, 300);
      expect(t.halts.at(-1)).toBeUndefined();
      expect(statuses(t).get('delivered')?.length).toBe(300);
    },
  );

  it('a link waits until what Braze accepted of both its sides has been quiet for the quiet time', async () => {
    const t = await rig({ identifyQuietMs: 400 }, { applyDelayMs: 150 });
    await new Promise((resolve) => setTimeout(resolve, 450));
    const alias = { alias_name: 'a1', alias_label: 'rudder_id' };
    const anonymous = JSON.stringify({
      user_alias: alias,
      name: 'Seen',
      time: '2026-11-22T12:00:00Z',
      _update_existing_only: false,
    });
    const link = JSON.stringify({ external_id: 'kim', user_alias: alias });
    const part = 'x';
    t.delivery.add(
      [{ kind: 'event', keys: ['alias:rudder_id:a1'], text: anonymous, bytes: anonymous.length, part }],
      'past',
    );
    t.delivery.add(
      [
        {
          kind: 'identify',
          keys: ['external_id:kim', 'alias:rudder_id:a1'],
          text: link,
          bytes: link.length,
          part,
        },
      ],
      'link',
    );
    await settled(t, 2);
    await vi.waitFor(() =>
      expect(t.sandbox.users()).toMatchObject([{ external_id: 'kim', events: [{ name: 'Seen' }] }]),
    );
  });

  it('frees a slot and its people only when the outcome is durable', async () => {
    const durable = Promise.withResolvers<void>();
    const t = await rig({ concurrency: { start: 2, max: 2 }, settle: () => durable.promise });
    addPeople(t, 300);
    await vi.waitFor(() => expect(t.sandbox.requests().length).toBe(2));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(t.sandbox.requests().length).toBe(2);
    durable.resolve();
    await vi.waitFor(() => expect(t.sandbox.requests().length).toBe(4));
  });

  it('drain sends nothing new and resolves when what is under way has ended', async () => {
    const t = await rig({}, { latencyMs: 100 });
    addPeople(t, 75);
    await vi.waitFor(() => expect(t.delivery.running).toBe(1));
    addPeople(t, 10, 'later');
    await t.delivery.drain();
    expect(t.outcomes.size).toBe(75);
    expect(t.delivery.queued).toBe(10);
  });

  it.each([500, 401, 429])('drain does not wait for what would be tried again after a %i', async (status) => {
    const t = await rig({ random: () => 1, firstProbeMs: 60_000 });
    t.sandbox.addFaults([fault({ status, headers: { 'retry-after': '60' } })]);
    addPeople(t, 10);
    await vi.waitFor(() => expect(t.attempts.length).toBe(1));
    await t.delivery.drain();
    expect(t.delivery.running).toBe(0);
    expect(t.outcomes.size).toBe(0);
  });
});
