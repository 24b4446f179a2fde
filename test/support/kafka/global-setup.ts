/**
 * Once per run: who needs a broker asks here, and the first to ask has it started. A run that asks for none starts none.
 * `KAFKA_BROKERS` (host:port, comma-separated) names somebody's own cluster instead.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { type KafkaCluster, startKafka } from './broker.ts';
import { canRunKafka } from './jars.ts';

export interface KafkaOffer {
  /** Addresses, when they are known before the run. */
  readonly brokers: string[] | null;
  /** Answers a GET with the addresses as JSON, after it started the broker; null: this machine cannot. */
  readonly starter: string | null;
}

declare module 'vitest' {
  interface ProvidedContext {
    kafka: KafkaOffer;
  }
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const own = process.env.KAFKA_BROKERS;
  if (own || !canRunKafka) {
    project.provide('kafka', { brokers: own ? own.split(',') : null, starter: null });
    return undefined;
  }
  let cluster: Promise<KafkaCluster> | undefined;
  const server = createServer((_request, reply) => {
    cluster ??= startKafka();
    cluster.then(
      ({ brokers }) => reply.end(JSON.stringify(brokers)),
      (error: unknown) => reply.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  project.provide('kafka', { brokers: null, starter: `http://127.0.0.1:${port}` });
  return async () => {
    server.close();
    server.closeAllConnections();
    await (await cluster?.catch(() => undefined))?.stop();
  };
}
