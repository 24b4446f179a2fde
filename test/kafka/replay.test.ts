/** What was delivered goes again, once: by the command line, through a server on a topic of several partitions. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { serveOn } from '../support/kafka/serve.ts';
import { describeKafka, type KafkaScratch, openScratch } from '../support/kafka/shared.ts';

const EVENTS = 300;
const PATIENT = { timeout: 60_000, interval: 100 };

describeKafka('a replay of a log on Kafka', () => {
  let scratch: KafkaScratch;
  beforeAll(async () => {
    scratch = await openScratch();
  });
  afterAll(() => scratch.close());

  it('that is interrupted and asked again takes each event once, also one that stands in the log twice', {
    timeout: 180_000,
  }, async () => {
    const t = await serveOn(scratch);
    const duplicates = () => t.metric('brazier_events_filtered_total', 'reason="duplicate"');
    const counts = () => Map.groupBy(t.arrived(), (name) => name).entries();
    const arrived = () => Object.fromEntries([...counts()].map(([name, { length }]) => [name, length]));
    const from = new Date().toISOString();
    const batch = Array.from({ length: EVENTS }, (_, index) => ({
      type: 'track',
      userId: `user ${index % 40}`,
      event: `event ${index}`,
      messageId: `m${index}`,
    }));
    const every = (times: number) => Object.fromEntries(batch.map(({ event }) => [event, times]));
    await t.post(batch);
    await t.post(batch.slice(0, 5));
    await vi.waitFor(() => expect(arrived()).toEqual(every(1)), PATIENT);
    await vi.waitFor(async () => expect(await duplicates()).toBe(5), PATIENT);
    const time = ['--from', from, '--to', new Date().toISOString()];
    const replay = ['replay', '--destination', 'braze', '--yes', ...time];

    const interrupted = t.start(...replay, '--rate', '50');
    await vi.waitFor(() => expect(t.arrived().length).toBeGreaterThan(EVENTS + 20), PATIENT);
    interrupted.kill('SIGKILL');
    await interrupted.exited;
    expect(t.arrived().length).toBeLessThan(2 * EVENTS);

    const again = await t.run(...replay, '--rate', '1000');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    // What had gone before is not known to the append: it is found when it is read.
    expect(JSON.parse(again.stdout)).toEqual({ sent: EVENTS + 5, already: 0 });
    await vi.waitFor(() => expect(arrived()).toEqual(every(2)), PATIENT);
    const before = await duplicates();
    await t.run(...replay);
    await vi.waitFor(async () => expect(await duplicates()).toBe(before + EVENTS + 5), PATIENT);
    t.sandbox.flush();
    expect(arrived()).toEqual(every(2));
  });
});
