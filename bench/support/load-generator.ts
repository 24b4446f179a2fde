/** The process that sends events over HTTP. */
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { answerParent } from './child.ts';
import { sharedMs } from './clock.ts';
import { type Body, createBody } from './events.ts';
import { createHttpConnection, type HttpConnection, headOf } from './http-connection.ts';
import type { LoadCounts, LoadStart } from './load.ts';
import { createTimes } from './times.ts';
import { ownCpuMicros } from './usage.ts';

/** Whoever is told to come again, or finds nobody, waits so long. */
const AGAIN_MS = 100;
/** How often a paced load looks what is due. */
const PACE_MS = 1;

interface Lane {
  readonly connection: HttpConnection;
  readonly head: Buffer;
  readonly body: Body;
}

const counts = { accepted: 0, refused: 0 };
const sent = createTimes();
const accepted = createTimes();
let start: LoadStart;
let perRequest = 1;
let nextNumber = 0;
let idle: Lane[] = [];
/** Requests that are due; without a pace there is always one. */
let due = Number.POSITIVE_INFINITY;
let pace: NodeJS.Timeout | undefined;
/** Nothing is sent while so many events are accepted. */
let most = 0;
let underWay = 0;

function createLane({ origin, writeKey, path, events, people, isGzip }: LoadStart): Lane {
  const plain = createBody(events, people);
  // Numbering a compressed body anew would mean to compress it anew.
  const body = isGzip ? { bytes: gzipSync(plain.bytes), number: () => undefined } : plain;
  const head = headOf({ path, writeKey, bytes: body.bytes.length, isGzip });
  return { connection: createHttpConnection(origin), head, body };
}

/** As many as are due, wanted and have a connection. */
function sendMore(): void {
  while (due > 0 && counts.accepted + underWay * perRequest < most) {
    const lane = idle.pop();
    if (!lane) return;
    due -= 1;
    send(lane);
  }
}

async function send(lane: Lane): Promise<void> {
  const first = nextNumber;
  nextNumber += perRequest;
  lane.body.number(first);
  underWay += 1;
  const sentMs = sharedMs();
  const status = await lane.connection.post({ head: lane.head, body: lane.body.bytes }).catch(() => 0);
  underWay -= 1;
  if (status === 200) {
    counts.accepted += perRequest;
    if (start.watches) note(first, sentMs);
  } else {
    counts.refused += 1;
    await wait(AGAIN_MS);
  }
  idle.push(lane);
  sendMore();
}

function note(first: number, sentMs: number): void {
  const now = sharedMs();
  for (let number = first; number < first + perRequest; number += 1) {
    sent.set(number, sentMs);
    accepted.set(number, now);
  }
}

function runAt(eventsPerSecond: number | null): void {
  clearInterval(pace);
  due = eventsPerSecond === null ? Number.POSITIVE_INFINITY : 0;
  if (eventsPerSecond !== null) {
    const [begun, perMs] = [performance.now(), eventsPerSecond / perRequest / 1000];
    let made = 0;
    pace = setInterval(() => {
      const wanted = Math.floor((performance.now() - begun) * perMs);
      due += wanted - made;
      made = wanted;
      sendMore();
    }, PACE_MS);
  }
  sendMore();
}

answerParent({
  start(given: LoadStart) {
    start = given;
    perRequest = given.events ?? 1;
    nextNumber = given.first;
    idle = Array.from({ length: given.connections }, () => createLane(given));
  },
  run({ eventsPerSecond, most: limit }: { eventsPerSecond: number | null; most: number | null }) {
    most = limit ?? Number.POSITIVE_INFINITY;
    runAt(eventsPerSecond);
  },
  upTo(limit: number) {
    most = limit;
    sendMore();
  },
  async pause() {
    clearInterval(pace);
    due = 0;
    while (underWay > 0) await wait(5);
  },
  counts: (): LoadCounts => ({ ...counts, cpuMicros: ownCpuMicros() }),
  times: () => ({ sentMs: sent.values(), acceptedMs: accepted.values() }),
});
