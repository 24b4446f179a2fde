/** `check --connect` on a real broker: each fault in one line, and nothing is changed there. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { askKafka } from '../../src/cli/ask-kafka.ts';
import type { KafkaLogConfig } from '../../src/config/config.ts';
import { parseConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describeKafka('check --connect', () => {
  let scratch: KafkaScratch;
  const folder = mkdtempSync(join(tmpdir(), 'brazier-check-kafka-'));
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await scratch.close();
  });

  function yamlOf(log: Record<string, unknown>, more = ''): string {
    const topics = {
      topic: scratch.topicName('events'),
      deadLetterTopic: scratch.topicName('dead-letters'),
      requestTopic: scratch.topicName('requests'),
    };
    const members = { kind: 'kafka', brokers: scratch.brokers, ...topics, ...log };
    return `sources: [{ id: shop, writeKey: write-key }]
destinations: [{ id: braze, restEndpoint: "http://127.0.0.1:1", restApiKey: rest-key }]
log: ${JSON.stringify(members)}
${more}`;
  }

  async function ask(log: Record<string, unknown>, more = '') {
    const loaded = parseConfig('b.yaml', yamlOf(log, more), {});
    if (!loaded.ok) throw new Error(loaded.problems.map(formatProblem).join('\n'));
    const settings = loaded.config.log as KafkaLogConfig;
    const { good, lines } = await askKafka(settings, loaded.config);
    const problems = lines.filter((line) => line.startsWith('problem: '));
    return { good, lines, problems, log: settings };
  }

  test('topics that are missing are good where the start may create them, and are not created now', async () => {
    const { good, lines, log } = await ask({ partitions: 3 });
    expect(good).toBe(true);
    expect(lines).toEqual([
      `ok: log: ${scratch.brokers.join(', ')}: a cluster of 1 broker`,
      ...[log.topic, log.deadLetterTopic, log.requestTopic].map(
        (topic) =>
          `ok: log: topic ${topic} is missing: the start creates it with 3 partitions, 1 replica of each`,
      ),
    ]);
    expect(await scratch.admin.listTopics()).not.toContain(log.topic);
  });

  test('topics that are missing are a problem each where nobody may create them, with the command that does', async () => {
    const { good, problems, log } = await ask({ createTopics: false });
    expect(good).toBe(false);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toContain(
      `topic ${log.topic} is missing and log.createTopics is false: create it with kafka-topics --create --topic ${log.topic} --partitions 12`,
    );
  });

  test('more replicas than brokers are a problem for topics that are to be created', async () => {
    const { problems } = await ask({ replicationFactor: 3 });
    expect(problems).toHaveLength(3);
    expect(problems[0]).toContain(
      'cannot be created: log.replicationFactor is 3 and the cluster has 1 broker',
    );
  });

  test('topics that take nothing, or lose what they took, are told', async () => {
    const topic = await scratch.topic({ config: { 'min.insync.replicas': '2' } });
    const deadLetterTopic = await scratch.topic({ config: { 'compression.type': 'lz4' } });
    const { good, lines, problems } = await ask({ topic, deadLetterTopic });
    expect(good).toBe(false);
    expect(problems).toEqual([
      expect.stringContaining(`topic ${topic} takes no records: it has 1 replicas and min.insync.replicas=2`),
      expect.stringContaining(`topic ${deadLetterTopic} has compression.type=lz4`),
    ]);
    expect(lines).toContainEqual(
      expect.stringMatching(
        new RegExp(`^warning: log: topic ${topic} has one replica: what was acknowledged`),
      ),
    );
  });

  test('requests have as many partitions as events', async () => {
    const topic = await scratch.topic({ partitions: 3 });
    const requestTopic = await scratch.topic({ partitions: 2 });
    const { problems } = await ask({ topic, requestTopic });
    expect(problems).toEqual([
      expect.stringContaining(`topic ${requestTopic} has 2 partitions and ${topic} has 3: give it as many`),
    ]);
  });

  test('a topic of a subscription that is missing is a problem, one that is there is not', async () => {
    const [there, missing] = [await scratch.topic({ partitions: 2 }), scratch.topicName('orders')];
    const { lines, problems } = await ask(
      {},
      `subscriptions: [{ topic: ${there}, source: shop }, { topic: ${missing}, source: shop }]`,
    );
    expect(lines).toContain(`ok: log: topic ${there} of subscriptions has 2 partitions`);
    expect(problems).toEqual([
      `problem: log: topic ${missing} of subscriptions is missing: create it, or mend its name`,
    ]);
  });

  // It waits until kafkajs gives up, and the next two beside it.
  test.concurrent('no broker is one line', async () => {
    const { good, lines } = await ask({ brokers: [`127.0.0.1:${await freePort()}`] });
    expect(good).toBe(false);
    expect(lines).toEqual([
      expect.stringMatching(
        /^problem: log: connecting to Kafka at 127\.0\.0\.1:\d+: no answer from .*ECONNREFUSED/,
      ),
    ]);
  });

  test.concurrent('a login where none is offered is one line', async () => {
    const { lines } = await ask({ sasl: { mechanism: 'plain', username: 'u', password: 'hush' } });
    expect(lines).toEqual([expect.stringMatching(/^problem: log: connecting to Kafka at /)]);
    expect(lines.join('')).not.toContain('hush');
  });

  test.concurrent('the command prints them on stderr and exits with 1; for ingest Braze is not asked', async () => {
    const file = join(folder, 'brazier.yaml');
    const check = (text: string, ...flags: string[]) => {
      writeFileSync(file, text);
      const args = [MAIN, 'check', '--config', file, '--connect', ...flags];
      return new Promise<{ code: unknown; stderr: string }>((ended) => {
        execFile(process.execPath, args, (error, _stdout, stderr) =>
          ended({ code: error?.code ?? 0, stderr }),
        );
      });
    };
    const bad = await check(yamlOf({ createTopics: false }), '--role', 'ingest');
    expect(bad.code).toBe(1);
    expect(bad.stderr.trim().split('\n').slice(1)).toEqual([
      ...Array.from({ length: 3 }, () => expect.stringMatching(/^problem: log: topic .* is missing/)),
      'the log cannot be used as it is',
    ]);
    const worker = await check(yamlOf({}), '--role', 'worker');
    expect(worker.code).toBe(1);
    expect(worker.stderr).toContain('1 of 1 destinations cannot be delivered to');
  });
});
