/** Topics that the real Java client writes, by the tools of the broker's own version, read by subscriptions of a running server. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { admin } from '../support/harness.ts';
import { asking, logOn, runJava } from '../support/kafka/faults.ts';
import { fetchKafka } from '../support/kafka/jars.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, type Ready, startProcess } from '../support/server-process.ts';

const TOOLS = 'org.apache.kafka.tools';
const TRANSACTIONS = join(import.meta.dirname, '../support/kafka/Transactions.java');
const WITHIN = { timeout: 60_000, interval: 100 };
const NUMBERS = 200;
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

const event = (name: string) =>
  JSON.stringify({ type: 'track', event: name, userId: 'java', messageId: randomUUID() });

describeKafka('the Java client', () => {
  let scratch: KafkaScratch;
  beforeAll(async () => {
    scratch = await openScratch();
    // Of a broker that somebody else started there are no jars yet.
    await fetchKafka();
  }, 300_000);
  afterAll(() => scratch?.close());

  function consoleProducer(topic: string, codec: string, lines: readonly string[]): Promise<string> {
    const properties = ['parse.headers=true', 'parse.key=true'].flatMap((each) => [
      '--reader-property',
      each,
    ]);
    const to = [
      '--bootstrap-server',
      scratch.brokers.join(','),
      '--topic',
      topic,
      '--compression-codec',
      codec,
    ];
    return runJava(`${TOOLS}.ConsoleProducer`, [...to, ...properties], `${lines.join('\n')}\n`);
  }

  it('what its console, verifiable and transactional producers write is read: gzip, zstd, headers, and nothing that was aborted', {
    timeout: 300_000,
  }, async () => {
    const [direct, again] = await Promise.all([scratch.topic({ partitions: 2 }), scratch.topic()]);
    const braze = await startSandbox({ keep: 100_000 });
    const log = logOn(scratch.brokers, { replicationFactor: 1, partitions: 2 });
    const subscriptions = [
      { topic: direct, source: 'shop', format: 'event', key: 'userId' },
      { topic: again, source: 'shop', format: 'event' },
    ];
    const folder = makeFolder(braze.url, {}, { log, subscriptions });
    const server = startProcess(['serve', '--config', folder.configFile]);
    try {
      const ready = await server.ready;
      const headers = `traceparent:${TRACEPARENT},team:web`;
      const line = (name: string) => `${headers}\tjava\t${event(name)}`;
      await consoleProducer(direct, 'gzip', ['gzip 1', 'gzip 2', 'gzip 3'].map(line));
      await consoleProducer(again, 'zstd', ['zstd 1', 'zstd 2'].map(line));
      const verifiable = [
        '--bootstrap-server',
        scratch.brokers.join(','),
        '--topic',
        again,
        '--max-messages',
      ];
      await runJava(`${TOOLS}.VerifiableProducer`, [...verifiable, String(NUMBERS)]);
      const transactions = [
        ...['commit', event('kept 1'), 'abort', event('aborted 1'), 'commit', event('kept 2')],
        ...['abort', event('aborted 2')],
      ];
      await runJava(TRANSACTIONS, [scratch.brokers.join(','), direct, scratch.groupId(), ...transactions]);

      const wanted = ['gzip 1', 'gzip 2', 'gzip 3', 'kept 1', 'kept 2', 'zstd 1', 'zstd 2'];
      const delivered = () =>
        braze.sandbox
          .requests()
          .flatMap(({ body }) => (body as { events?: { name: string }[] }).events ?? []);
      await vi.waitFor(
        () =>
          expect(
            delivered()
              .map(({ name }) => name)
              .sort(),
          ).toEqual(wanted),
        WITHIN,
      );
      const settled = (groupId: string, topic: string) =>
        vi.waitFor(() => expectSettled(scratch.brokers, groupId, topic), WITHIN);
      await settled(`${log.groupPrefix}.braze`, direct);
      await settled(`${log.groupPrefix}:subscriptions`, again);
      // A number is JSON, and no event: each is a dead letter.
      await vi.waitFor(
        async () => expect(await codesOf(ready, folder)).toEqual({ not_an_object: NUMBERS }),
        WITHIN,
      );
      expect(delivered()).toHaveLength(wanted.length);
    } catch (error) {
      throw new Error(`${String(error)}\n${server.stderr().slice(-3_000)}`, { cause: error });
    } finally {
      server.kill('SIGTERM');
      await server.exited;
      await braze.close();
      folder.remove();
    }
  });
});

async function expectSettled(brokers: readonly string[], groupId: string, topic: string): Promise<void> {
  const [ends, [stored]] = await asking(brokers, (kafka) =>
    Promise.all([kafka.fetchTopicOffsets(topic), kafka.fetchOffsets({ groupId, topics: [topic] })]),
  );
  const open = ends.filter(({ partition, high }) => {
    const place = stored?.partitions.find((each) => each.partition === partition);
    return Number(high) > 0 && place?.offset !== high;
  });
  expect(open, 'partitions that are not settled to their end, markers and all').toEqual([]);
}

async function codesOf(ready: Ready, folder: Parameters<typeof admin>[1]): Promise<Record<string, number>> {
  const { letters } = await admin<{ letters: { code: string }[] }>(ready, folder, '/dead-letters?limit=1000');
  const counts: Record<string, number> = {};
  for (const { code } of letters) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
