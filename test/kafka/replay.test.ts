/** What was delivered goes again, once: by the command line, through a server on a topic of several partitions. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { metric } from '../support/harness.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const EVENTS = 300;
const PATIENT = { timeout: 60_000, interval: 100 };

const cleanups: (() => unknown)[] = [];

describeKafka('a replay of a log on Kafka', () => {
  let scratch: KafkaScratch;
  beforeAll(async () => {
    scratch = await openScratch();
    cleanups.push(() => scratch.close());
  });
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function rig() {
    const { sandbox, url, close } = await startSandbox({ keep: 10_000 });
    const groupPrefix = scratch.groupId('replay');
    const log = {
      kind: 'kafka',
      brokers: scratch.brokers,
      topic: scratch.topicName('events'),
      deadLetterTopic: scratch.topicName('letters'),
      requestTopic: scratch.topicName('requests'),
      groupPrefix,
      partitions: 4,
      replicationFactor: 1,
    };
    const folder = makeFolder(url, { lingerMs: 5 }, { log });
    const server = startProcess(['serve', '--config', folder.configFile]);
    cleanups.push(close, folder.remove, async () => {
      server.kill('SIGTERM');
      await server.exited;
      await scratch.admin.deleteGroups([`${groupPrefix}.braze`]).catch(() => undefined);
    });
    const ready = await server.ready;
    const post = async (batch: readonly object[]) => {
      const authorization = `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}`;
      const init = { method: 'POST', headers: { authorization }, body: JSON.stringify({ batch }) };
      expect((await fetch(`${ready.http}/v1/batch`, init)).status).toBe(200);
    };
    const replay = (...args: string[]) =>
      startProcess(['replay', '--config', folder.configFile, '--destination', 'braze', '--yes', ...args]);
    /** How often each event has come. */
    const arrivals = () => {
      const counts = new Map<string, number>();
      for (const name of sandbox.users().flatMap(({ events }) => events.map((each) => String(each.name))))
        counts.set(name, (counts.get(name) ?? 0) + 1);
      return counts;
    };
    const filtered = () => metric(ready, 'brazier_events_filtered_total', 'reason="duplicate"');
    return { sandbox, post, replay, arrivals, filtered };
  }

  it('that is interrupted and asked again takes each event once, also one that stands in the log twice', async () => {
    const t = await rig();
    const from = new Date().toISOString();
    const batch = Array.from({ length: EVENTS }, (_, index) => ({
      type: 'track',
      userId: `user ${index % 40}`,
      event: `event ${index}`,
      messageId: `m${index}`,
    }));
    await t.post(batch);
    await t.post(batch.slice(0, 5));
    const every = (times: number) => Object.fromEntries(batch.map(({ event }) => [event, times]));
    const sum = () => [...t.arrivals().values()].reduce((total, count) => total + count, 0);
    const arrived = () => Object.fromEntries(t.arrivals());
    await vi.waitFor(() => expect(arrived()).toEqual(every(1)), PATIENT);
    await vi.waitFor(async () => expect(await t.filtered()).toBe(5), PATIENT);
    const time = ['--from', from, '--to', new Date().toISOString()];

    const interrupted = t.replay(...time, '--rate', '50');
    await vi.waitFor(() => expect(sum()).toBeGreaterThan(EVENTS + 20), PATIENT);
    interrupted.kill('SIGKILL');
    await interrupted.exited;
    expect(sum()).toBeLessThan(2 * EVENTS);

    const again = t.replay(...time, '--rate', '1000');
    expect(await again.exited).toBe(0);
    // What had gone before is not known to the append: it is found when it is read.
    expect(JSON.parse(again.stdout())).toEqual({ sent: EVENTS + 5, already: 0 });
    await vi.waitFor(() => expect(arrived()).toEqual(every(2)), PATIENT);
    const before = await t.filtered();
    await t.replay(...time).exited;
    await vi.waitFor(async () => expect(await t.filtered()).toBe(before + EVENTS + 5), PATIENT);
    t.sandbox.flush();
    expect(arrived()).toEqual(every(2));
  });
});
