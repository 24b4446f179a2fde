/** Users' own topics under load, read by real workers of which one is killed: nothing lost, every person's order kept. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { admin, UNDER_WAY } from '../support/harness.ts';
import { expectPromiseKept, judge } from '../support/judge.ts';
import { logOn } from '../support/kafka/faults.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';
import { type Produced, payload } from '../support/producer.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

/** The least that a broker allows: so long are a dead worker's partitions at rest. */
const SESSION_MS = 6_000;
const PARTITIONS = 3;
const PEOPLE = 12;
const ROUNDS = 60;
const ROUND_MS = 25;
const KILL_AT = 25;
/** A round with garbage in each topic. */
const GARBAGE_EVERY = 20;
const PATIENT = { timeout: 60_000, interval: 100 };

describeKafka('workers with subscriptions', () => {
  let scratch: KafkaScratch;
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  /** In each topic each person's next event, keyed by the person; the kill comes in the middle of it. */
  async function load(topics: readonly string[], kill: () => void): Promise<Map<string, Produced>> {
    const produced = new Map<string, Produced>();
    const producer = scratch.kafka.producer();
    await producer.connect();
    const next = (name: string, sequence: number) => {
      const id = `${name}/${sequence}`;
      const event = { type: 'track', userId: name, event: 'Produced', messageId: id };
      produced.set(id, { id, person: name, identity: name, sequence, array: 'events' });
      return { key: name, value: JSON.stringify({ ...event, properties: payload(id, sequence) }) };
    };
    for (let round = 0; round < ROUNDS; round += 1) {
      if (round === KILL_AT) kill();
      const topicMessages = topics.map((topic, at) => {
        const events = Array.from({ length: PEOPLE }, (_, person) => next(`t${at}-p${person}`, round));
        const isDirty = round % GARBAGE_EVERY === 0;
        return { topic, messages: isDirty ? [...events, { key: 'x', value: `{ ${round}` }] : events };
      });
      await producer.sendBatch({ topicMessages });
      await wait(ROUND_MS);
    }
    await producer.disconnect();
    return produced;
  }

  async function shared(groupId: string): Promise<void> {
    const { groups } = await scratch.admin.describeGroups([groupId]);
    expect([groups[0]?.state, groups[0]?.members.length]).toEqual(['Stable', 2]);
  }

  async function settled(groupId: string, topic: string): Promise<void> {
    const ends = await scratch.admin.fetchTopicOffsets(topic);
    const [stored] = await scratch.admin.fetchOffsets({ groupId, topics: [topic] });
    const open = ends.filter(
      ({ partition, high }) =>
        stored?.partitions.find((each) => each.partition === partition)?.offset !== high,
    );
    expect(open.filter(({ high }) => Number(high) > 0)).toEqual([]);
  }

  it('lose nothing of them when one is killed, keep the order of each person, and tell of garbage once', {
    timeout: 180_000,
  }, async () => {
    const [again, direct] = [
      await scratch.topic({ partitions: PARTITIONS }),
      await scratch.topic({ partitions: PARTITIONS }),
    ];
    const braze = await startSandbox({ keep: 100_000, rateLimit: 1_000_000, latencyMs: 20 });
    const log = logOn(scratch.brokers, {
      replicationFactor: 1,
      partitions: PARTITIONS,
      sessionTimeoutMs: SESSION_MS,
    });
    const subscriptions = [
      { topic: again, source: 'shop', format: 'event' },
      { topic: direct, source: 'shop', format: 'event', key: 'userId' },
    ];
    const hire = () => {
      const folder = makeFolder(braze.url, {}, { log, subscriptions });
      return { folder, process: startProcess(['serve', '--config', folder.configFile, '--role', 'worker']) };
    };
    const [first, killed] = [hire(), hire()];
    const groups = [`${log.groupPrefix}:subscriptions`, `${log.groupPrefix}.braze`];
    try {
      const [ready] = await Promise.all([first.process.ready, killed.process.ready]);
      for (const groupId of groups) await vi.waitFor(() => shared(groupId), PATIENT);
      const produced = await load([again, direct], () => killed.process.kill('SIGKILL'));
      await vi.waitFor(() => settled(`${log.groupPrefix}:subscriptions`, again), PATIENT);
      for (const topic of [log.topic, direct]) {
        await vi.waitFor(() => settled(`${log.groupPrefix}.braze`, topic), PATIENT);
      }
      braze.sandbox.flush();
      const judgement = judge({
        producer: { produced, acknowledged: new Set(produced.keys()) },
        requests: braze.sandbox.requests(),
        letters: new Set(),
        lifeOf: () => 1,
      });
      expectPromiseKept(judgement, UNDER_WAY);
      const { letters } = await admin<{ letters: { code: string }[] }>(
        ready,
        first.folder,
        '/dead-letters?limit=1000',
      );
      expect(letters.map(({ code }) => code)).toEqual(
        Array(2 * (ROUNDS / GARBAGE_EVERY)).fill('invalid_json'),
      );
    } catch (error) {
      throw new Error(`${String(error)}\n${first.process.stderr().slice(-3_000)}`, { cause: error });
    } finally {
      for (const { process, folder } of [first, killed]) {
        process.kill('SIGKILL');
        await process.exited;
        folder.remove();
      }
      await braze.close();
    }
  });
});
