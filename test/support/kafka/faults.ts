/** What the rows on brokers share: a log of a row's own on a cluster, senders that look at every answer, the Java client's tools. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { expect } from 'vitest';
import { createKafkaClient } from '../../../src/log/kafka/client.ts';
import { WRITE_KEY } from '../harness.ts';
import type { Ready } from '../server-process.ts';
import { javaArgs } from './node.ts';
import { plainConnection } from './options.ts';

/** The log's part of a configuration: topics and groups of names of its own. */
export function logOn(brokers: readonly string[], over: Readonly<Record<string, unknown>> = {}) {
  const name = `faults-${randomUUID().slice(0, 13)}`;
  return {
    kind: 'kafka',
    brokers,
    topic: `${name}.events`,
    deadLetterTopic: `${name}.dead-letters`,
    requestTopic: `${name}.requests`,
    groupPrefix: name,
    partitions: 3,
    ...over,
  };
}

/** An answer of ingest to one event. */
export interface Answer {
  readonly status: number;
  /** Seconds; 0 when it names none. */
  readonly retryAfter: number;
  readonly text: string;
  readonly tookMs: number;
}

/** The name of the events that `startProbes` sends. */
export const PROBE = 'Probe';

/** One event to a route of single calls; nobody's answer is waited for longer than ingest promises. */
export async function post(http: string, event: object, route = 'track'): Promise<Answer> {
  const authorization = `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`;
  const from = performance.now();
  const signal = AbortSignal.timeout(30_000);
  const reply = await fetch(`${http}/v1/${route}`, {
    method: 'POST',
    headers: { authorization },
    body: JSON.stringify(event),
    signal,
  });
  return {
    status: reply.status,
    retryAfter: Number(reply.headers.get('retry-after') ?? 0),
    text: await reply.text(),
    tookMs: Math.round(performance.now() - from),
  };
}

/** Sends one event after the other, each of a person of its own, until it is stopped; resolves with all answers. */
export function startProbes(
  { http }: Pick<Ready, 'http'>,
  everyMs = 200,
): { stop(): Promise<readonly Answer[]> } {
  let isOver = false;
  const answers: Answer[] = [];
  const running = (async () => {
    while (!isOver) {
      const id = `probe-${randomUUID()}`;
      answers.push(await post(http, { type: 'track', event: PROBE, userId: id, messageId: id }));
      await wait(everyMs);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      return answers;
    },
  };
}

/** Asks again and again whether the process lives; resolves with the slowest answer, ms. Rejects when one was no. */
export function startLooks({ admin }: Pick<Ready, 'admin'>): { stop(): Promise<number> } {
  let isOver = false;
  const running = (async () => {
    let slowestMs = 0;
    while (!isOver) {
      const from = performance.now();
      const { status } = await fetch(`${admin}/health/live`);
      if (status !== 200) throw new Error(`it does not live: ${status}`);
      slowestMs = Math.max(slowestMs, performance.now() - from);
      await wait(100);
    }
    return Math.round(slowestMs);
  })();
  running.catch(() => undefined);
  return {
    stop() {
      isOver = true;
      return running;
    },
  };
}

/** A class of the Java client's tools with these arguments, `input` on its stdin; its stdout. Rejects with its stderr. */
export function runJava(className: string, args: readonly string[], input = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const java = javaArgs({ flags: ['-Xmx256m'] });
  const child = spawn('java', [...java, className, ...args], { stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  child.on('error', reject);
  child.on('close', (code) => {
    if (code === 0) resolve(output.stdout);
    else reject(new Error(`${className} ended with ${code}: ${output.stdout}${output.stderr}`));
  });
  child.stdin.end(input);
  return promise;
}

const TOOLS = 'org.apache.kafka.tools';

/** Id of the broker that is the active controller: a client is told of any, so the quorum itself is asked. */
export async function controllerOf(brokers: readonly string[]): Promise<number> {
  const args = ['--bootstrap-server', brokers.join(','), 'describe', '--status'];
  const status = await runJava(`${TOOLS}.MetadataQuorumCommand`, args);
  return Number(/^LeaderId:\s+(\d+)$/m.exec(status)?.[1]);
}

/** Id of the broker that coordinates the group. */
export async function coordinatorOf(brokers: readonly string[], groupId: string): Promise<number> {
  const cluster = createKafkaClient(plainConnection(brokers), () => undefined).newCluster();
  try {
    await cluster.connect();
    const { nodeId } = (await cluster.findGroupCoordinator({ groupId })) as unknown as { nodeId: string };
    return Number(nodeId);
  } finally {
    await cluster.disconnect();
  }
}

/** A question to the cluster over a connection of its own: one that was made before a broker went may not be good. */
export async function asking<T>(brokers: readonly string[], ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = createKafkaClient(plainConnection(brokers), () => undefined).kafka.admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Id of the broker that leads it; −1 while none does. */
export function leaderOf(brokers: readonly string[], topic: string, partition: number): Promise<number> {
  return asking(brokers, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
  });
}

/** Ingest answers within 8 s whatever the brokers do; a busy machine has as long again. */
const ANSWER_WITHIN_MS = 16_000;
const REFUSALS = ['503 log_unavailable', '429 rate_limited'];

/** Nothing was taken, and each sender was told when to come again: for the brokers' sake, or because too much waits for them. */
export function expectRefused(answers: readonly Answer[]): void {
  expect(answers.length).toBeGreaterThan(1);
  const refusals = answers.map(({ status, text }) => `${status} ${JSON.parse(text).code}`);
  expect(refusals).toContain('503 log_unavailable');
  expect(refusals.filter((each) => !REFUSALS.includes(each))).toEqual([]);
  for (const { retryAfter, tookMs } of answers) {
    expect(retryAfter).toBeGreaterThan(0);
    expect(tookMs).toBeLessThan(ANSWER_WITHIN_MS);
  }
}
