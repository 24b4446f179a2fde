import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type KafkaCluster, startKafka } from '../support/kafka/broker.ts';
import { describeKafka } from '../support/kafka/shared.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const START_WITHIN_MS = 300_000;
/** A drain has 25 s, and Kubernetes grants 30 when it is not told otherwise. */
const STOP_WITHIN_MS = 30_000;

describeKafka(
  'a stop',
  () => {
    let kafka: KafkaCluster;

    beforeAll(async () => {
      kafka = await startKafka({ brokers: 1 });
    }, START_WITHIN_MS);

    afterAll(() => kafka?.stop());

    it('ends in time, with exit code 0, while all brokers are away and an event is still to be delivered', {
      timeout: START_WITHIN_MS,
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
        await vi.waitFor(async () => expect(await metrics()).toMatch(inFlight), { timeout: 60_000 });
        for (const node of kafka.nodes) await node.kill();
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
