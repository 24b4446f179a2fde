/** Anonymous pasts and who they belong to, in partitions of several workers: no link overtakes the past that it joins. */
import { expect, it } from 'vitest';
import { describeKafka } from '../support/kafka/shared.ts';
import { type Workforce, withWorkers } from '../support/kafka/workers.ts';

/** Braze applies data so much later than it answers, and links at once: what is sent too early orphans a past. */
const sandbox = { latencyMs: 20, applyDelayMs: 2_000, linkApplyDelayMs: 0 };
const destination = { identifyQuietMs: 3_000 };
const PEOPLE = Array.from({ length: 50 }, (_, index) => `guest-${index}`);
/** The first five are anonymous, the sixth is the login. */
const EVENTS = 10;

/** Everybody's next event in turns, so fast that Braze has applied nothing of a past when its login comes. */
async function visits({ producer }: Workforce, between: (turn: number) => unknown = () => undefined) {
  for (let turn = 0; turn < EVENTS; turn += 1) {
    await producer.produce(PEOPLE);
    between(turn);
  }
}

/** Each has one profile, with the whole past. */
function expectWhole({ sandbox }: Workforce): void {
  sandbox.flush();
  const users = new Map(sandbox.users().map((user) => [user.external_id, user]));
  const pasts = PEOPLE.map(
    (person) => new Set(users.get(person)?.events.map(({ properties }) => JSON.stringify(properties))).size,
  );
  // One of the ten is the login, and one a purchase.
  expect(pasts).toEqual(PEOPLE.map(() => EVENTS - 2));
  expect(sandbox.users().length).toBe(PEOPLE.length);
}

describeKafka('links of two identities, with two workers', () => {
  it.concurrent('join every anonymous past, though Braze applies data late', {
    timeout: 200_000,
  }, async () => {
    const { doubled } = await withWorkers({ load: false, sandbox, destination }, async (workforce) => {
      await workforce.dealt();
      await visits(workforce);
      await workforce.drained();
      expectWhole(workforce);
    });
    expect(doubled).toBe(0);
  });

  it.concurrent('join them also when the partitions go from worker to worker meanwhile', {
    timeout: 300_000,
  }, async () => {
    await withWorkers({ load: false, sandbox, destination }, async (workforce) => {
      await workforce.dealt();
      const changes: Promise<unknown>[] = [];
      await visits(workforce, (turn) => {
        // The pasts have just been sent by one, the logins are another's.
        if (turn === 4) changes.push(Promise.resolve(workforce.workers[0]?.end('SIGTERM')));
        if (turn === 5) changes.push(workforce.hire());
        if (turn === 7) changes.push(Promise.resolve(workforce.workers[0]?.end('SIGKILL')));
      });
      await Promise.all(changes);
      await workforce.dealt();
      await workforce.drained();
      expectWhole(workforce);
    });
  });
});
