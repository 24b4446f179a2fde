/**
 * The least that can stand for Braze, a process of its own: reads requests off the socket, counts objects by a mark that
 * stands once in each, and gives every request the same answer after the same time. It parses nothing and judges nothing.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { answerParent } from './child.ts';
import { sharedMs } from './clock.ts';
import { DIGITS, MARK } from './events.ts';
import type { SinkCounts, SinkStart } from './sink.ts';
import { createTimes } from './times.ts';
import { ownCpuMicros } from './usage.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
const MARK_BYTE = MARK.charCodeAt(0);

interface Held {
  readonly socket: Socket;
  readonly dueMs: number;
  readonly objects: number;
  /** Kept where the events' numbers are wanted. */
  readonly body: Buffer | null;
}

/** All wait equally long: the first to come is the first to go, and one timer serves all. */
const waiting: Held[] = [];
const counts = { objects: 0, requests: 0 };
let start: SinkStart = { latencyMs: 0, watches: false };
let answer = answerOf(201);
let isAccepted = true;
let isHolding = false;
let isTicking = false;
/** When each event's answer left. */
const seen = createTimes();

function answerOf(status: number): Buffer {
  const text = status === 201 ? '{"message":"success"}' : '{"message":"not now"}';
  const head = `HTTP/1.1 ${status} -\r\nContent-Type: application/json\r\nContent-Length: ${text.length}`;
  return Buffer.from(`${head}\r\n\r\n${text}`);
}

/** Of the request that a socket is sending. */
interface Coming {
  objects: number;
  /** Bytes. */
  missing: number;
  /** What has come of the head, and of all of it where the events' numbers are wanted. */
  chunks: Buffer[];
}

function serve(socket: Socket): void {
  let coming: Coming | null = null;
  let head: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  // The other side is killed now and then.
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    if (coming === null) {
      head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
      coming = begun(head);
      if (coming === null) return;
      head = Buffer.alloc(0);
    } else {
      coming.missing -= chunk.length;
      coming.objects += marksIn(chunk);
      if (start.watches) coming.chunks.push(chunk);
    }
    if (coming.missing > 0) return;
    take(socket, coming);
    coming = null;
  });
}

/** Null while the head is not whole. */
function begun(read: Buffer): Coming | null {
  const headEnd = read.indexOf(HEAD_END);
  if (headEnd < 0) return null;
  const length = Number(/content-length: *(\d+)/i.exec(read.toString('latin1', 0, headEnd))?.[1] ?? 0);
  const missing = headEnd + HEAD_END.length + length - read.length;
  return { missing, objects: marksIn(read), chunks: start.watches ? [read] : [] };
}

/** The mark stands in no header. */
function marksIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(MARK_BYTE); at >= 0; at = bytes.indexOf(MARK_BYTE, at + 1)) count += 1;
  return count;
}

function take(socket: Socket, { objects, chunks }: Coming): void {
  const dueMs = performance.now() + start.latencyMs;
  waiting.push({ socket, dueMs, objects, body: start.watches ? Buffer.concat(chunks) : null });
  if (!isTicking) tick(start.latencyMs);
}

function tick(ms: number): void {
  isTicking = true;
  setTimeout(flush, ms);
}

function flush(): void {
  isTicking = false;
  const now = performance.now();
  let done = 0;
  for (const held of waiting) {
    if (isHolding || held.dueMs > now) break;
    done += 1;
    counts.requests += 1;
    if (isAccepted) counts.objects += held.objects;
    held.socket.write(answer);
    if (held.body) see(held.body);
  }
  waiting.splice(0, done);
  const [next] = waiting;
  if (next && !isHolding && !isTicking) tick(Math.max(1, next.dueMs - now));
}

function see(body: Buffer): void {
  const now = sharedMs();
  for (let at = body.indexOf(MARK_BYTE); at >= 0; at = body.indexOf(MARK_BYTE, at + DIGITS)) {
    seen.set(Number(body.toString('latin1', at + 1, at + 1 + DIGITS)), now);
  }
}

answerParent({
  async start(given: SinkStart) {
    start = given;
    const server = createServer(serve);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  counts: (): SinkCounts => ({ ...counts, cpuMicros: ownCpuMicros() }),
  answerWith(status: number) {
    isAccepted = status === 201;
    answer = answerOf(status);
  },
  hold() {
    isHolding = true;
  },
  release() {
    isHolding = false;
    flush();
  },
  seen: seen.values,
});
