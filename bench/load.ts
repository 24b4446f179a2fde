/** A load of batches over HTTP, in a worker thread of its own: each connection posts again as soon as it is answered. */
import { Agent, request } from 'node:http';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export interface LoadOptions {
  readonly url: string;
  readonly writeKey: string;
  readonly connections: number;
}

export interface Load {
  /** Events acknowledged so far. */
  accepted(): number;
  /** Ends the load; resolves with how many requests were not answered with 200. */
  stop(): Promise<number>;
}

const EVENTS_PER_BATCH = 50;
const BODIES = 400;
const PEOPLE = 200_000;

export function startLoad(options: LoadOptions): Load {
  const counts = new Float64Array(new SharedArrayBuffer(3 * 8));
  const worker = new Worker(new URL(import.meta.url), { workerData: { options, counts } });
  return {
    accepted: () => counts[0] ?? 0,
    async stop() {
      worker.postMessage('stop');
      await new Promise((resolve) => worker.once('exit', resolve));
      return counts[1] ?? 0;
    },
  };
}

if (!isMainThread) {
  const { options, counts } = workerData as { options: LoadOptions; counts: Float64Array };
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const bodies = Array.from({ length: BODIES }, (_, index) => makeBody(index));
  const auth = `${options.writeKey}:`;
  let stopped = false;
  parentPort?.once('message', () => {
    stopped = true;
  });
  const post = (turn: number) => {
    if (stopped) return;
    const body = bodies[turn % BODIES] ?? '';
    const again = (ok: boolean) => {
      counts[ok ? 0 : 1] = (counts[ok ? 0 : 1] ?? 0) + (ok ? EVENTS_PER_BATCH : 1);
      if (ok) post(turn + options.connections);
      else setTimeout(post, 100, turn);
    };
    const req = request(`${options.url}/v1/batch`, { method: 'POST', agent, auth }, (res) => {
      res.resume().on('end', () => again(res.statusCode === 200));
    });
    req.on('error', () => again(false)).end(body);
  };
  for (let connection = 0; connection < options.connections; connection += 1) post(connection);
}

/** 50 events of about 1 KB, of people drawn evenly; without messageIds, so that none is a duplicate. */
function makeBody(index: number): string {
  const batch = Array.from({ length: EVENTS_PER_BATCH }, (_, place) => {
    const who = (index * EVENTS_PER_BATCH + place) * (PEOPLE / (BODIES * EVENTS_PER_BATCH));
    return {
      type: 'track',
      userId: `user-${who}`,
      event: 'Lamp Lit',
      timestamp: '2026-11-22T12:00:00.000Z',
      context: { library: { name: 'bench', version: '1' } },
      properties: { lumen: who % 1000, room: 'kitchen', text: 'x'.repeat(760) },
    };
  });
  return JSON.stringify({ batch });
}
