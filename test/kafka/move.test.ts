/** From the embedded log to a real broker, as docs/operate/move-to-kafka.md says it: nobody's order is lost on the way. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeKafka, openScratch } from '../support/kafka/shared.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, type ServerProcess, startProcess } from '../support/server-process.ts';

const PATIENT = { timeout: 60_000, interval: 200 };
const PEOPLE = ['kim', 'lee', 'mo', 'nic'];
const STEPS = 10;

describeKafka('a move from the embedded log', () => {
  it('what came before is delivered first, though the senders never stopped', {
    timeout: 180_000,
  }, async () => {
    const scratch = await openScratch();
    const { sandbox, url, close } = await startSandbox({ keep: 10_000 });
    const folder = makeFolder(url, { lingerMs: 5, concurrency: { start: 2, max: 2 } });
    const started: ServerProcess[] = [];
    onTestFinished(async () => {
      for (const each of started) {
        each.kill('SIGKILL');
        await each.exited;
      }
      await close();
      folder.remove();
      await scratch.close();
    }, 60_000);
    const start = (...args: string[]) => {
      const process = startProcess(['serve', ...args]);
      started.push(process);
      return process;
    };
    const onKafka = join(folder.data, '..', 'kafka.yaml');
    const config = parse(readFileSync(folder.configFile, 'utf8'));
    config.log = {
      kind: 'kafka',
      brokers: scratch.brokers,
      path: join(folder.data, '..', 'kafka-data'),
      topic: scratch.topicName('events'),
      deadLetterTopic: scratch.topicName('letters'),
      requestTopic: scratch.topicName('requests'),
      groupPrefix: scratch.groupId('move'),
      partitions: 4,
      replicationFactor: 1,
    };
    writeFileSync(onKafka, stringify(config));
    const post = async (http: string, from: number) => {
      const batch = Array.from({ length: STEPS * PEOPLE.length }, (_, index) => ({
        type: 'track',
        userId: PEOPLE[index % PEOPLE.length],
        event: 'Step Taken',
        properties: { step: from + Math.floor(index / PEOPLE.length) },
      }));
      const authorization = `Basic ${Buffer.from(`${folder.writeKey}:`).toString('base64')}`;
      const init = { method: 'POST', headers: { authorization }, body: JSON.stringify({ batch }) };
      expect((await fetch(`${http}/v1/batch`, init)).status).toBe(200);
    };

    sandbox.addFaults([{ match: {}, do: { status: 401 } }]);
    const old = start('--config', folder.configFile);
    await post((await old.ready).http, 0);
    const ingest = start('--role', 'ingest', '--config', onKafka);
    await post((await ingest.ready).http, STEPS);
    old.kill('SIGTERM');
    await old.exited;
    sandbox.clearFaults();
    expect(await start('--drain', '--config', folder.configFile).exited).toBe(0);
    const walked = () =>
      Object.fromEntries(
        sandbox
          .users()
          .map(({ external_id, events }) => [
            external_id,
            events.map(({ properties }) => (properties as { step: number }).step),
          ]),
      );
    const upTo = (count: number) =>
      Object.fromEntries(PEOPLE.map((person) => [person, Array.from({ length: count }, (_, step) => step)]));
    expect(walked()).toEqual(upTo(STEPS));

    // The worker has a data folder of its own here: ingest's is in use.
    config.log.path = join(folder.data, '..', 'worker-data');
    writeFileSync(onKafka, stringify(config));
    await start('--role', 'worker', '--config', onKafka).ready;
    await vi.waitFor(() => expect(walked()).toEqual(upTo(2 * STEPS)), PATIENT);
  });
});
