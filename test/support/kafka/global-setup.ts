/**
 * Once per run: who needs a broker asks here, and the first to ask has it started. A run that asks for none starts none.
 * `KAFKA_BROKERS` (host:port, comma-separated) names somebody's own cluster instead.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { archiveKafka, type KafkaCluster, startKafka } from './broker.ts';
import { canRunKafka } from './jars.ts';

/** The broker that is started for a run: how it is come to with TLS and a login, and through a relay. */
export type SharedKafka = Pick<KafkaCluster, 'brokers' | 'secureBrokers' | 'relay'> & {
  readonly caFile: string;
  /** Of alice and bob. */
  readonly password: string;
};

export interface KafkaOffer {
  /** Addresses of somebody's own cluster. */
  readonly brokers: string[] | null;
  /** Answers a GET with a `SharedKafka` as JSON, after it started the broker; null: this machine cannot. */
  readonly starter: string | null;
}

const PASSWORD = 'only-for-this-test';

/** kafkajs logs in again 10 s before a session ends: after a second and a half. */
const SESSION_MS = 11_500;

/** Bob may log in, and no more. */
const SECURE = {
  secure: { users: { alice: PASSWORD, bob: PASSWORD } },
  properties: {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS;User:alice;User:service',
    'connections.max.reauth.ms': String(SESSION_MS),
  },
};

declare module 'vitest' {
  interface ProvidedContext {
    kafka: KafkaOffer;
  }
}

function offerOf({ brokers, secureBrokers, relay, caFile }: KafkaCluster): SharedKafka {
  return { brokers, secureBrokers, relay, caFile: String(caFile), password: PASSWORD };
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const brokers = process.env.KAFKA_BROKERS?.split(',') ?? null;
  if (!canRunKafka) {
    project.provide('kafka', { brokers, starter: null });
    return undefined;
  }
  let cluster: Promise<KafkaCluster> | undefined;
  const server = createServer((_request, reply) => {
    cluster ??= archiveKafka().then(() => startKafka(SECURE));
    cluster.then(
      (started) => reply.end(JSON.stringify(offerOf(started))),
      (error: unknown) => reply.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  project.provide('kafka', { brokers, starter: `http://127.0.0.1:${port}` });
  return async () => {
    server.close();
    server.closeAllConnections();
    await (await cluster?.catch(() => undefined))?.stop();
  };
}
