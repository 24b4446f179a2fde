/** The order of a person, and only of that person: who is slow holds up nobody else, and a link waits for the past. */
import { describe, expect, it, vi } from 'vitest';
import { PATIENT, underFire } from '../support/harness.ts';
import { orphansOf } from '../support/judge.ts';

describe('a slow person', { timeout: 180_000 }, () => {
  it('holds up only that person: the records behind are settled, and a crash sends none of them again', async () => {
    const KNOWN = 7;
    const judgement = await underFire({ load: false, destination: { lingerMs: 0 } }, async (harness) => {
      const { sandbox, produce, produceFor, drained, metric, killAndRestart } = harness;
      await produce('slow', KNOWN);
      await drained();
      sandbox.addFaults([{ match: { externalId: 'slow' }, do: { status: 500, delayMs: 200 } }]);
      const held = await produce('slow', 2);
      await vi.waitFor(
        () => expect(sandbox.requests().some(({ status }) => status === 500)).toBe(true),
        PATIENT,
      );
      const others = Array.from({ length: 120 }, (_, index) => `other-${index}`);
      for (let round = 0; round < 10; round += 1) await produceFor(others);
      const onlyHeld = async () =>
        expect([await metric('brazier_events_in_flight'), await metric('brazier_backlog_events')]).toEqual([
          held.length,
          0,
        ]);
      await vi.waitFor(onlyHeld, PATIENT);
      for (let life = 0; life < 3; life += 1) {
        const before = sandbox.requests().at(-1)?.id ?? 0;
        await killAndRestart();
        await vi.waitFor(() => {
          const since = sandbox.requests().filter(({ id }) => id > before);
          expect(since.length, 'the held ones are tried again').toBeGreaterThan(0);
          for (const { status } of since) expect(status, 'and nothing else is sent').toBe(500);
        }, PATIENT);
        await vi.waitFor(onlyHeld, PATIENT);
      }
      sandbox.clearFaults();
      await drained();
    });
    expect(judgement).toMatchObject({ doubled: 0, deadLetters: 0, acknowledged: 7 + 2 + 1_200 + 1 });
  });
});

describe('a link, where Braze applies events later than links', { timeout: 180_000 }, () => {
  const sandbox = { applyDelayMs: 600, linkApplyDelayMs: 0 };
  const people = Array.from({ length: 20 }, (_, index) => `person-${index}`);
  /** Anonymous events, then the identify. */
  const history = Array.from({ length: 6 }, () => people).flat();

  it('without the quiet time leaves the anonymous past behind', async () => {
    let orphans: string[] = [];
    await underFire(
      // Later than any machine is slow: what is applied before the link comes is no orphan.
      {
        sandbox: { ...sandbox, applyDelayMs: 100_000 },
        load: false,
        destination: { identifyQuietMs: 0 },
        mayOrphan: true,
      },
      async ({ sandbox: braze, produceFor, drained }) => {
        await produceFor(history);
        await drained();
        braze.flush();
        orphans = orphansOf(braze.users());
      },
    );
    expect(orphans.length).toBeGreaterThan(0);
  });

  it('with it joins all of it', async () => {
    let events = 0;
    await underFire(
      { sandbox, load: false, destination: { identifyQuietMs: 2_000 } },
      async ({ sandbox: braze, produceFor, drained }) => {
        await produceFor(history);
        await drained();
        braze.flush();
        const known = braze.users().filter(({ external_id }) => people.includes(String(external_id)));
        expect(known.length).toBe(people.length);
        events = known.reduce((sum, user) => sum + user.events.length, 0);
      },
    );
    expect(events, 'anonymous events of identified users').toBe(5 * people.length);
  });
});
