/** A trace through Kafka: from `ingest` to a worker, and from a producer of a user's own topic, by the header `traceparent`. */
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { WRITE_KEY } from '../support/harness.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';
import { type CollectedSpan, startCollector } from '../support/otlp-collector.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const PATIENT = { timeout: 120_000, interval: 100 };

/** What a sender or a producer names: its trace, and the span that is to be linked or the parent. */
const named = (digit: string) => ({ traceId: digit.repeat(32), spanId: digit.repeat(16) });
const headerOf = ({ traceId, spanId }: ReturnType<typeof named>) => `00-${traceId}-${spanId}-01`;
const [SENDER, APPENDED, DIRECT] = [named('a'), named('b'), named('c')];

let scratch: KafkaScratch;

async function rig() {
  const collector = await startCollector();
  const braze = await startSandbox();
  const groupPrefix = scratch.groupId('tracing');
  const [appended, direct] = [await scratch.topic(), await scratch.topic()];
  const log = {
    kind: 'kafka',
    brokers: scratch.brokers,
    topic: scratch.topicName('events'),
    deadLetterTopic: scratch.topicName('letters'),
    requestTopic: scratch.topicName('requests'),
    groupPrefix,
    partitions: 2,
    replicationFactor: 1,
  };
  const config = {
    log,
    sources: [{ id: 'shop', writeKey: WRITE_KEY }, { id: 'crm' }],
    subscriptions: [
      { topic: appended, source: 'crm' },
      { topic: direct, source: 'crm', key: 'userId' },
    ],
    tracing: { endpoint: collector.url },
  };
  onTestFinished(async () => {
    await braze.close();
    await collector.close();
    const groups = [`${groupPrefix}.braze`, `${groupPrefix}:subscriptions`];
    await scratch.admin.deleteGroups(groups).catch(() => undefined);
  }, 60_000);

  async function serve(role: 'ingest' | 'worker') {
    const folder = makeFolder(braze.url, { lingerMs: 5 }, config);
    const server = startProcess(['serve', '--config', folder.configFile, '--role', role]);
    onTestFinished(async () => {
      server.kill('SIGKILL');
      await server.exited;
      folder.remove();
    });
    const ready = await server.ready;
    const stop = async () => {
      server.kill('SIGTERM');
      expect(await server.exited, server.stderr()).toBe(0);
    };
    return { ready, stop };
  }
  const names = () => braze.sandbox.users().flatMap(({ events }) => events.map(({ name }) => name));
  return { collector, appended, direct, serve, names, topic: log.topic };
}

const event = (userId: string, name: string) => JSON.stringify({ type: 'track', userId, event: name });

describeKafka('a trace', () => {
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  it('goes on through the log and through topics that others write', { timeout: 300_000 }, async () => {
    const { collector, appended, direct, serve, names } = await rig();
    const ingest = await serve('ingest');
    const worker = await serve('worker');
    const reply = await fetch(`${ingest.ready.http}/v1/track`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`,
        traceparent: headerOf(SENDER),
      },
      body: event('kim', 'Sent'),
    });
    expect(reply.status).toBe(200);
    const producer = scratch.kafka.producer();
    await producer.connect();
    onTestFinished(() => producer.disconnect());
    await producer.send({
      topic: appended,
      messages: [
        { key: 'any', value: event('lee', 'Appended'), headers: { traceparent: headerOf(APPENDED) } },
      ],
    });
    await producer.send({
      topic: direct,
      messages: [{ key: 'max', value: event('max', 'Direct'), headers: { traceparent: headerOf(DIRECT) } }],
    });
    await vi.waitFor(() => expect(names().sort()).toEqual(['Appended', 'Direct', 'Sent']), PATIENT);
    await ingest.stop();
    await worker.stop();

    const ofKind = (kind: CollectedSpan['kind']) => collector.spans.filter((span) => span.kind === kind);
    const [request, ...others] = ofKind('SERVER');
    expect(others).toEqual([]);
    expect(request).toMatchObject({ traceId: SENDER.traceId, parentSpanId: SENDER.spanId });
    const processed = ofKind('CONSUMER');
    expect(processed.map(({ name, links }) => [name, links])).toEqual([[`process ${appended}`, [APPENDED]]]);
    expect(processed[0]?.attributes).toMatchObject({
      'messaging.batch.message_count': 1,
      'brazier.source': 'crm',
      'brazier.events.accepted': 1,
    });
    const sent = ofKind('CLIENT');
    const linked = sent.flatMap(({ links }) => links);
    const origins = [{ traceId: SENDER.traceId, spanId: request?.spanId }, APPENDED, DIRECT];
    expect(linked).toHaveLength(3);
    expect(linked).toEqual(expect.arrayContaining(origins));
    const instance = ({ resource }: CollectedSpan) => resource['service.instance.id'];
    expect(sent.map(instance)).not.toContain(instance(request!));
  });
});
