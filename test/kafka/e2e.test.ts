/** An unchanged SDK to `ingest`, Kafka, two workers, Braze; one of the workers is killed in the middle. */
import { setTimeout as wait } from 'node:timers/promises';
import RudderAnalytics from '@rudderstack/rudder-sdk-node';
import { expect, it, vi } from 'vitest';
import { partitionOf } from '../../src/log/kafka/partitioner.ts';
import { externalIdKey } from '../../src/model/person.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { PATIENT, UNDER_WAY, WRITE_KEY } from '../support/harness.ts';
import { describeKafka } from '../support/kafka/shared.ts';
import { PARTITIONS, SESSION_MS, withWorkers } from '../support/kafka/workers.ts';

const NAME = 'Step Taken';
const PEOPLE = Array.from({ length: 24 }, (_, index) => `walker-${index}`);
/** By hand, the default's figure: `BRAZIER_SESSION_MS=45000`. */
const SESSION = Number(process.env.BRAZIER_SESSION_MS ?? SESSION_MS);
/** What the survivor needs beyond the session: the group's look every so often, the join, the guard, a busy machine. */
const JOINED_WITHIN_MS = 15_000;

interface Step {
  readonly person: string;
  readonly step: number;
  readonly at: number;
  readonly request: number;
}

/** As they arrived. */
function stepsIn(sandbox: Sandbox): Step[] {
  return sandbox.requests().flatMap(({ id, at, status, body }) => {
    const { events = [] } = body as {
      events?: { name: string; external_id: string; properties: { step: number } }[];
    };
    if (status !== 201) return [];
    return events
      .filter(({ name }) => name === NAME)
      .map((event) => ({
        person: event.external_id,
        step: event.properties.step,
        at: Date.parse(at),
        request: id,
      }));
  });
}

/** Each person's steps as they arrived for the first time, and requests of which something arrived again. */
function summaryOf(steps: readonly Step[]) {
  const first = new Map<string, Step>();
  const doubled = new Set<number>();
  for (const step of steps) {
    const key = `${step.person} ${step.step}`;
    const earlier = first.get(key);
    if (earlier) doubled.add(earlier.request);
    else first.set(key, step);
  }
  const byPerson = Map.groupBy(first.values(), ({ person }) => person);
  const walks = Object.fromEntries(
    [...byPerson].map(([person, all]) => [person, all.map(({ step }) => step)]),
  );
  return { walks, doubledEvents: steps.length - first.size, doubledRequests: doubled.size };
}

/** ms until something of every partition had arrived again; what was on its way at the kill does not count. */
function movedAfter(steps: readonly Step[], killedAt: number): number {
  const ON_ITS_WAY_MS = 500;
  const moved = new Map<number, number>();
  for (const { person, at } of steps) {
    const partition = partitionOf(externalIdKey(person), PARTITIONS);
    if (at > killedAt + ON_ITS_WAY_MS && !moved.has(partition)) moved.set(partition, at);
  }
  return Math.max(...moved.values()) - killedAt;
}

describeKafka('the RudderStack SDK, ingest and two workers', () => {
  it('everything arrives in order though one worker is killed in the middle', {
    timeout: 200_000 + 2 * SESSION,
  }, async () => {
    await withWorkers(
      { load: false, notJudged: [NAME], sandbox: { latencyMs: 100 }, log: { sessionTimeoutMs: SESSION } },
      async ({ ingest, sandbox, workers, dealt, drained }) => {
        await dealt();
        const options = { dataPlaneUrl: ingest.http, flushAt: 20, flushInterval: 50 };
        const client = new RudderAnalytics(WRITE_KEY, options);
        let steps = 0;
        const walk = () => {
          for (const userId of PEOPLE) client.track({ userId, event: NAME, properties: { step: steps } });
          steps += 1;
        };
        for (; steps < 20; ) {
          walk();
          await wait(50);
        }
        await vi.waitFor(() => expect(stepsIn(sandbox).length).toBeGreaterThan(0), PATIENT);
        const killedAt = Date.now();
        await workers[0]?.end('SIGKILL');
        for (; Date.now() < killedAt + SESSION + JOINED_WITHIN_MS; ) {
          walk();
          await wait(250);
        }
        await client.flush();
        await dealt();
        await drained();
        const arrived = stepsIn(sandbox);
        const { walks, ...doubled } = summaryOf(arrived);
        const movedAfterMs = movedAfter(arrived, killedAt);
        console.log({ sessionMs: SESSION, movedAfterMs, ...doubled, events: steps * PEOPLE.length });
        const whole = Array.from({ length: steps }, (_, index) => index);
        expect(walks).toEqual(Object.fromEntries(PEOPLE.map((person) => [person, whole])));
        expect(doubled.doubledRequests).toBeLessThanOrEqual(UNDER_WAY);
        expect(movedAfterMs).toBeLessThan(SESSION + JOINED_WITHIN_MS);
      },
    );
  });

  it('what ingest took before the first worker came is delivered too where a destination starts at the end', {
    timeout: 200_000,
  }, async () => {
    const load = { lanes: 2, peoplePerLane: 3, eventsPerBatch: 5, batchesPerLane: 4 };
    await withWorkers({ load, workers: 0, destination: { start: 'end' } }, async (workforce) => {
      await workforce.producer.done;
      await workforce.hire();
      await workforce.dealt();
      await workforce.drained();
    });
  });
});
