/** One broker that dies, stops, hangs and comes back under each part of the log: it goes on by itself, and ends when it is to. */
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { createKafkaClient } from '../../src/log/kafka/client.ts';
import { createOutbox } from '../../src/log/kafka/outbox.ts';
import { createRangeReader, type RangeReader } from '../../src/log/kafka/range-reader.ts';
import type { OutMessage, RawMessage } from '../../src/log/kafka/record-codec.ts';
import { NO_SIGNS } from '../../src/log/kafka/signs.ts';
import { type KafkaCluster, startKafka } from '../support/kafka/broker.ts';
import { plainConnection } from '../support/kafka/options.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';
import { openReader, produce, type Reader } from './session-rig.ts';

/** A broker starts in seconds; where many start at once, in a minute. */
const START_WITHIN_MS = 120_000;
const WITHIN = { timeout: 90_000, interval: 50 };
const TEST_WITHIN_MS = 2 * START_WITHIN_MS;
/** A drain has 25 s, and Kubernetes grants 30 when it is not told otherwise. */
const STOP_WITHIN_MS = 30_000;
const NEVER = new AbortController().signal;

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n);

const clientOf = (brokers: readonly string[]) => createKafkaClient(plainConnection(brokers), () => undefined);

function message(name: string): OutMessage {
  return { key: name, value: Buffer.alloc(500, 120), headers: { name }, timestamp: 1_700_000_000_000 };
}

async function namesIn(reader: RangeReader, topic: string, partition: number): Promise<string[]> {
  const all: RawMessage[] = [];
  for await (const some of reader.read(topic, partition, { from: 0, to: Number.MAX_SAFE_INTEGER }, NEVER)) {
    all.push(...some);
  }
  return all.map(({ headers }) => String(headers.name));
}

describeKafka(
  'a broker that goes',
  () => {
    let kafka: KafkaCluster;
    let scratch: KafkaScratch;
    let readers: Reader[] = [];
    beforeAll(async () => {
      kafka = await startKafka({ heapMb: 256 });
      scratch = await openScratch(kafka.brokers);
    }, 300_000);
    afterEach(async () => {
      await Promise.all(readers.map((reader) => reader.leave()));
      readers = [];
    });
    afterAll(async () => {
      await scratch?.admin.disconnect();
      await kafka?.stop();
    }, 60_000);

    it('leaves a session that goes on by itself after a kill, and reads and commits all', {
      timeout: TEST_WITHIN_MS,
    }, async () => {
      const [topic, groupId] = [await scratch.topic({ partitions: 2 }), scratch.groupId()];
      await produce(scratch, topic, { partition: 0, count: 100 });
      const reader = openReader(scratch, { topic, groupId, settles: true });
      readers.push(reader);
      await vi.waitFor(() => expect(reader.records).toHaveLength(100), WITHIN);
      await kafka.node(1).kill();
      await kafka.restart(1);
      const began = performance.now();
      await produce(scratch, topic, { partition: 0, count: 100 });
      await produce(scratch, topic, { partition: 1, count: 50 });
      await vi.waitFor(() => expect(new Set(reader.offsets(0))).toEqual(new Set(range(0, 200))), WITHIN);
      await vi.waitFor(() => expect(new Set(reader.offsets(1))).toEqual(new Set(range(0, 50))), WITHIN);
      // It joins as who it was: as somebody new it would wait for the rebalance timeout, 35 s here.
      expect(performance.now() - began).toBeLessThan(20_000);
      const stood = () => reader.session.assigned().map(({ progress }) => progress.watermark);
      await vi.waitFor(() => expect(stood()).toEqual([200, 50]), WITHIN);
      expect(reader.fatals).toEqual([]);
    });

    it('leaves a range reader that reads on through a kill and a new start', {
      timeout: TEST_WITHIN_MS,
    }, async () => {
      const topic = await scratch.topic();
      for (let n = 0; n < 100; n += 10) await produce(scratch, topic, { count: 10 });
      const reader = createRangeReader(clientOf(kafka.brokers), { giveUpMs: START_WITHIN_MS });
      onTestFinished(() => reader.close());
      const got: number[] = [];
      let restarted: Promise<void> | undefined;
      for await (const messages of reader.read(topic, 0, { from: 0, to: 100, maxBytes: 1 }, NEVER)) {
        got.push(...messages.map(({ offset }) => offset));
        if (got.length !== 30) continue;
        await kafka.node(1).kill();
        restarted = kafka.restart(1);
      }
      expect(got).toEqual(range(0, 100));
      await restarted;
    });

    it('leaves an outbox that loses nothing that was acknowledged, gives up what waits too long, and keeps the order', {
      timeout: TEST_WITHIN_MS,
    }, async () => {
      const topic = await scratch.topic({ partitions: 2 });
      const client = clientOf(kafka.brokers);
      const own = { compression: 'none', signs: NO_SIGNS, giveUpMs: 1_500, topics: [] } as const;
      const outbox = await createOutbox(client, own);
      /** The order of the calls. */
      const called: string[][] = [[], []];
      const failed = new Set<string>();
      const under = new AbortController();
      let count = 0;
      const sender = async (partition: number) => {
        while (!under.signal.aborted) {
          const name = `m${count++}`;
          called[partition]?.push(name);
          await outbox.send(topic, partition, [message(name)]).catch(() => failed.add(name));
        }
      };
      const senders = Array.from({ length: 40 }, (_, index) => sender(index % 2));
      await vi.waitFor(() => expect(count).toBeGreaterThan(500), WITHIN);
      await kafka.node(1).stop();
      await vi.waitFor(() => expect(failed.size).toBeGreaterThan(0), WITHIN);
      await kafka.restart(1);
      const before = count;
      await vi.waitFor(() => expect(count).toBeGreaterThan(before + 500), WITHIN);
      under.abort();
      await Promise.all(senders);
      await outbox.close();

      const reader = createRangeReader(client);
      onTestFinished(() => reader.close());
      for (const partition of [0, 1]) {
        const firsts = [...new Set(await namesIn(reader, topic, partition))];
        const wanted = (called[partition] ?? []).filter((name) => !failed.has(name));
        const stored = new Set(firsts);
        expect(wanted.filter((name) => !stored.has(name))).toEqual([]);
        expect(firsts.filter((name) => !failed.has(name))).toEqual(wanted);
      }
    });

    it('is left by a session within its deadline, though it hangs', { timeout: TEST_WITHIN_MS }, async () => {
      const [topic, groupId] = [await scratch.topic(), scratch.groupId()];
      await produce(scratch, topic, { count: 1 });
      const reader = openReader(scratch, { topic, groupId });
      await vi.waitFor(() => expect(reader.records).toHaveLength(1), WITHIN);
      kafka.node(1).freeze();
      onTestFinished(() => kafka.node(1).thaw());
      const began = performance.now();
      await reader.leave();
      expect(performance.now() - began).toBeLessThan(13_000);
      expect(reader.fatals).toEqual([]);
    });

    // The last: nobody starts the broker again.
    it('keeps no server from ending in time, with exit code 0, though an event is still to be delivered', {
      timeout: TEST_WITHIN_MS,
    }, async () => {
      const log = { kind: 'kafka', brokers: kafka.brokers, partitions: 3 };
      // Nobody listens there.
      const folder = makeFolder('http://127.0.0.1:9', {}, { log });
      const server = startProcess(['serve', '--config', folder.configFile]);
      try {
        const { http, admin } = await server.ready;
        const authorization = `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}`;
        const body = JSON.stringify({ userId: 'kim', event: 'Lamp Lit' });
        const reply = await fetch(`${http}/v1/track`, { method: 'POST', headers: { authorization }, body });
        expect(reply.status).toBe(200);
        const inFlight = /^brazier_events_in_flight{[^}]*} 1$/m;
        const metrics = async () => (await fetch(`${admin}/metrics`)).text();
        await vi.waitFor(async () => expect(await metrics()).toMatch(inFlight), WITHIN);
        await kafka.node(1).kill();
        const from = performance.now();
        server.kill('SIGTERM');
        expect(await server.exited).toBe(0);
        expect(performance.now() - from).toBeLessThan(STOP_WITHIN_MS);
      } finally {
        server.kill('SIGKILL');
        folder.remove();
      }
    });
  },
  'own',
);
