/** What `serve` says of brokers and topics that it cannot use: one line with what to do, and an exit code. */
import { createServer } from 'node:net';
import { beforeAll, expect, it } from 'vitest';
import { asking, logOn, runJava } from '../support/kafka/faults.ts';
import type { SharedKafka } from '../support/kafka/global-setup.ts';
import { createTopic as createTopicBy, describeKafka, startedKafka } from '../support/kafka/shared.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const WITHIN_MS = 120_000;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Lines of what a start that fails writes, those of warnings left out, and its exit code. */
async function failedStart(log: object, more: object = {}) {
  const folder = makeFolder('http://127.0.0.1:1', {}, { log, ...more });
  const server = startProcess(['serve', '--config', folder.configFile]);
  try {
    const code = await server.exited;
    const lines = server
      .stderr()
      .split('\n')
      .filter((line) => line !== '' && !line.includes('"level":"warn"'));
    return { code, lines };
  } finally {
    folder.remove();
  }
}

describeKafka(
  'a start that cannot succeed',
  () => {
    let kafka: SharedKafka;
    beforeAll(async () => {
      kafka = await startedKafka();
    });

    const createTopic = (topic: string, config: Readonly<Record<string, string>>) =>
      asking(kafka.brokers, (admin) => createTopicBy(admin, topic, { partitions: 3, config }));

    async function expectOneLine(log: object, says: RegExp, more: object = {}): Promise<void> {
      const { code, lines } = await failedStart(log, more);
      expect({ code, lines }).toEqual({ code: 1, lines: [expect.stringMatching(says)] });
      expect(lines[0]).not.toContain(kafka.password);
    }

    // These wait until kafkajs gives up, side by side.
    it.concurrent('no broker: where it was looked for, and what may be the matter', {
      timeout: WITHIN_MS,
    }, async () => {
      const nobody = `127.0.0.1:${await freePort()}`;
      await expectOneLine(
        logOn([nobody]),
        new RegExp(`connecting to Kafka at ${nobody}: no answer .*is Kafka running`),
      );
    });

    it.concurrent('a wrong password: the login was refused', { timeout: WITHIN_MS }, async () => {
      const sasl = { mechanism: 'scram-sha-512', username: 'alice', password: `not-${kafka.password}` };
      const log = logOn(kafka.secureBrokers, { ssl: { caFile: kafka.caFile }, sasl });
      await expectOneLine(log, /the login was refused .*check sasl\.mechanism, the user and the password/);
    });

    it.concurrent('a topic that is missing and may not be created: with which settings to create it', {
      timeout: WITHIN_MS,
    }, async () => {
      const log = logOn(kafka.brokers, { createTopics: false });
      await expectOneLine(
        log,
        new RegExp(`missing and log.createTopics is off; create with: kafka-topics --create .*${log.topic}`),
      );
    });

    it.concurrent('more replicas than brokers, or fewer than have to be in sync', {
      timeout: WITHIN_MS,
    }, async () => {
      await expectOneLine(
        logOn(kafka.brokers, { replicationFactor: 3 }),
        /fewer brokers than replicas: lower replicationFactor/,
      );
      const log = logOn(kafka.brokers);
      await createTopic(log.topic, { 'min.insync.replicas': '2' });
      await expectOneLine(
        log,
        new RegExp(`topic ${log.topic} takes no records: it has 1 replicas and min.insync.replicas=2`),
      );
    });

    it('a topic that takes no message of an event’s size', { timeout: WITHIN_MS }, async () => {
      const log = logOn(kafka.brokers);
      await createTopic(log.topic, { 'max.message.bytes': '20000' });
      await expectOneLine(log, new RegExp(`topic ${log.topic} has max.message.bytes=20000, too little`));
    });

    it('row 22: records that are compressed as nobody here can read end it, and the topic is named', {
      timeout: WITHIN_MS,
    }, async () => {
      const log = logOn(kafka.brokers);
      await createTopic(log.topic, {});
      const to = ['--bootstrap-server', kafka.brokers.join(','), '--topic', log.topic];
      await runJava(
        'org.apache.kafka.tools.ConsoleProducer',
        [...to, '--compression-codec', 'snappy'],
        'text\n',
      );
      await expectOneLine(log, new RegExp(`${log.topic}.*Snappy .*set compression\\.type`));
    });

    it('row 22: so with a topic that is subscribed to', { timeout: WITHIN_MS }, async () => {
      const log = logOn(kafka.brokers);
      const orders = `${log.groupPrefix}.orders`;
      await createTopic(orders, {});
      const to = ['--bootstrap-server', kafka.brokers.join(','), '--topic', orders];
      await runJava(
        'org.apache.kafka.tools.ConsoleProducer',
        [...to, '--compression-codec', 'lz4'],
        'text\n',
      );
      const subscriptions = [{ topic: orders, source: 'shop', format: 'event' }];
      await expectOneLine(log, new RegExp(`${orders}.*LZ4 .*set compression\\.type`), { subscriptions });
    });
  },
  'started',
);
