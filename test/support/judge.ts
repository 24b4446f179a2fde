/**
 * The judge of the promise: compares what was acknowledged with what Braze accepted and what stands in the dead
 * letters. Its invariants:
 *
 * - I1 every acknowledged event is delivered or a dead letter
 * - I2 per person and array, first deliveries never go backwards; on a log of several partitions per identity and array
 * - I3 payloads arrive unchanged
 * - I4 nothing arrives that was not produced
 * - I6 what a kill or a lost reply doubles was under way then: at most so many requests
 *
 * I5, I7 and I8 are about the process and not about events: see `process-judge.ts`.
 */
import { expect } from 'vitest';
import type { RecordedRequest, SandboxUser } from '../../src/sandbox/server.ts';
import { type Produced, type Producer, payload } from './producer.ts';

export interface Judgement {
  readonly acknowledged: number;
  readonly delivered: number;
  readonly deadLetters: number;
  readonly lost: number;
  readonly reordered: number;
  readonly changed: number;
  readonly strange: number;
  /** Objects delivered more than once, beyond the first time. */
  readonly doubled: number;
  /** Requests of which something was delivered again, by how many restarts had happened when they were sent. */
  readonly doubledRequests: ReadonlyMap<number, number>;
}

export interface Evidence {
  readonly producer: Pick<Producer, 'produced' | 'acknowledged'>;
  /** What Braze received, in order. */
  readonly requests: readonly RecordedRequest[];
  /** messageIds of dead letters. */
  readonly letters: ReadonlySet<string>;
  /** Names of events that are none of the producer's. */
  readonly notJudged?: ReadonlySet<string>;
  /** Order is promised to each identity by itself: on a log of several partitions two may stand in two. */
  readonly byIdentity?: boolean;
  /** Which life of the server a request belongs to: how many kills came before it. */
  readonly lifeOf: (request: RecordedRequest) => number;
}

interface Delivered {
  readonly id: string;
  readonly unchanged: boolean;
}

export function judge(evidence: Evidence): Judgement {
  const { producer, requests, letters, lifeOf, notJudged = new Set() } = evidence;
  const whose = (of: Produced) => (evidence.byIdentity ? of.identity : of.person);
  const first = new Map<string, RecordedRequest>();
  const last = new Map<string, number>();
  const doubledFrom = new Set<RecordedRequest>();
  const counts = { reordered: 0, changed: 0, strange: 0, doubled: 0 };
  const see = (request: RecordedRequest, { id, unchanged }: Delivered) => {
    const origin = producer.produced.get(id);
    const earlier = first.get(id);
    if (!origin) counts.strange += 1;
    if (!unchanged) counts.changed += 1;
    if (earlier) {
      counts.doubled += 1;
      doubledFrom.add(earlier);
      return;
    }
    first.set(id, request);
    if (origin && isBehind(origin, whose(origin), last)) counts.reordered += 1;
  };
  for (const request of requests) {
    if (request.path !== '/users/track' || !isAccepted(request)) continue;
    for (const delivered of deliveredBy(request, notJudged)) see(request, delivered);
  }
  const lives = Map.groupBy([...doubledFrom].map(lifeOf), (life) => life);
  return {
    ...counts,
    acknowledged: producer.acknowledged.size,
    delivered: first.size,
    deadLetters: letters.size,
    lost: [...producer.acknowledged].filter((id) => !first.has(id) && !letters.has(id)).length,
    doubledRequests: new Map([...lives].map(([life, all]) => [life, all.length])),
  };
}

/** @param requestsUnderWay the most that may have been under way at a kill */
export function expectPromiseKept(judgement: Judgement, requestsUnderWay: number): void {
  const { lost, reordered, changed, strange } = judgement;
  expect({ lost, reordered, changed, strange }).toEqual({ lost: 0, reordered: 0, changed: 0, strange: 0 });
  for (const count of judgement.doubledRequests.values()) expect(count).toBeLessThanOrEqual(requestsUnderWay);
}

function isBehind({ array, sequence }: Produced, whose: string, last: Map<string, number>): boolean {
  const lane = `${whose} ${array}`;
  const behind = sequence < (last.get(lane) ?? -1);
  last.set(lane, Math.max(sequence, last.get(lane) ?? -1));
  return behind;
}

function isAccepted({ status }: RecordedRequest): boolean {
  return status !== null && status >= 200 && status < 300;
}

type Objects = readonly Record<string, unknown>[];

/** The objects of a request's array that its reply does not name as refused. */
function takenOf({ body, reply }: RecordedRequest, array: string): Objects {
  const sent = ((typeof body === 'string' ? JSON.parse(body) : body) as Record<string, Objects>)[array] ?? [];
  const { errors } = (reply ?? {}) as { errors?: readonly { input_array?: string; index?: number }[] };
  if (!Array.isArray(errors)) return sent;
  const isNamed = (index: number) =>
    errors.some((error) => error.index === index && (error.input_array ?? array) === array);
  return sent.filter((_, index) => !isNamed(index));
}

/** The produced events of a track request, array by array, with whether they are as they were made. */
function* deliveredBy(request: RecordedRequest, notJudged: ReadonlySet<string>): Iterable<Delivered> {
  const [attributes, events, purchases] = ['attributes', 'events', 'purchases'].map((array) =>
    takenOf(request, array),
  ) as [Objects, Objects, Objects];
  for (const { id, sequence, text } of attributes) yield compare({ id, sequence, text });
  for (const { name, properties } of events) {
    if (!notJudged.has(String(name))) yield compare((properties ?? {}) as Record<string, unknown>);
  }
  for (const { product_id: id, price } of purchases) {
    yield { id: String(id), unchanged: price === Number(String(id).split('/')[1]) + 0.5 };
  }
}

/** Anonymous users whose person was identified: the past that a link lost. */
export function orphansOf(users: readonly SandboxUser[]): string[] {
  const known = new Set(users.map(({ external_id }) => external_id));
  return users
    .filter(({ external_id }) => !external_id)
    .flatMap(({ user_aliases }) => user_aliases.map(({ alias_name }) => alias_name))
    .filter((name) => known.has(name.replace(/^anon-/, '')));
}

function compare(arrived: Record<string, unknown>): Delivered {
  const expected = payload(String(arrived.id), Number(arrived.sequence));
  return { id: String(arrived.id), unchanged: JSON.stringify(arrived) === JSON.stringify(expected) };
}
