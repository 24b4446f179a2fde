/** A TCP proxy within the test: passes HTTP on byte by byte, and fails as networks do, where and as often as it is told. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** What befalls one exchange: a request and its reply on a connection that may have had others before. */
export type ProxyFault =
  /** Cut after so many bytes of the request, which Braze then never has whole. */
  | { readonly kind: 'resetRequest'; readonly afterBytes: number }
  /** Cut after so many bytes of the reply: with 0 the request has arrived and nothing comes back. */
  | { readonly kind: 'resetReply'; readonly afterBytes: number }
  /** The request arrives, the reply never does, the connection stays open: the peer's machine is gone. */
  | { readonly kind: 'halfOpen' }
  /** Nothing arrives, nothing comes back, the connection stays open. */
  | { readonly kind: 'blackHole' }
  /** The reply comes in pieces of so many bytes, one each so many ms. */
  | { readonly kind: 'trickle'; readonly bytes: number; readonly everyMs: number }
  /** An idle connection is closed just as it is used again; a new one is not touched. */
  | { readonly kind: 'closeReused' };

export interface FaultProxy {
  /** Origin without a trailing slash. */
  readonly url: string;
  /** Exchanges that a fault befell. */
  readonly struck: number;
  /** Exchanges that a fault befell after the whole request had been passed on, or might have been. */
  readonly uncertain: number;
  /** From now on, in each exchange that the dice choose, `times` at most. */
  strike(fault: ProxyFault, options?: { readonly times?: number; readonly probability?: number }): void;
  /** No more faults; connections that hang are cut. */
  heal(): void;
  close(): Promise<void>;
}

interface Armed {
  readonly fault: ProxyFault;
  readonly probability: number;
  left: number;
}

/**
 * @param target origin of the server behind it
 * @param at where it listens; default: a free port of 127.0.0.1
 */
export async function startProxy(
  target: string,
  dice: () => number,
  at: { readonly host?: string; readonly port?: number } = {},
): Promise<FaultProxy> {
  const { host = '127.0.0.1' } = at;
  const { hostname, port } = new URL(target);
  const pairs = new Set<Pair>();
  const counts = { struck: 0, uncertain: 0 };
  let armed: Armed | undefined;
  const draw = (isReused: boolean): ProxyFault | undefined => {
    if (!armed || armed.left === 0 || dice() >= armed.probability) return undefined;
    if (armed.fault.kind === 'closeReused' && !isReused) return undefined;
    armed.left -= 1;
    counts.struck += 1;
    if (!['resetRequest', 'blackHole', 'closeReused'].includes(armed.fault.kind)) counts.uncertain += 1;
    return armed.fault;
  };
  const server = createServer((near) => {
    const pair = join(near, connect(Number(port), hostname), draw);
    pairs.add(pair);
    near.on('close', () => pairs.delete(pair));
  });
  server.listen(at.port ?? 0, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    get struck() {
      return counts.struck;
    },
    get uncertain() {
      return counts.uncertain;
    },
    strike(fault, { times = Number.POSITIVE_INFINITY, probability = 1 } = {}) {
      armed = { fault, probability, left: times };
    },
    heal() {
      armed = undefined;
      for (const pair of pairs) if (pair.isSilent()) pair.cut();
    },
    async close() {
      for (const pair of pairs) pair.cut();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}

interface Pair {
  isSilent(): boolean;
  cut(): void;
}

/** One connection and its other half. Nobody pipelines: what the client sends after a reply began is a new exchange. */
function join(near: Socket, far: Socket, draw: (isReused: boolean) => ProxyFault | undefined): Pair {
  const exchange = { count: 0, isReplying: true, requestBytes: 0, replyBytes: 0 };
  let fault: ProxyFault | undefined;
  const cut = () => {
    near.resetAndDestroy();
    far.resetAndDestroy();
  };
  near.on('data', (chunk) => {
    if (exchange.isReplying) {
      fault = draw(exchange.count > 0);
      Object.assign(exchange, {
        count: exchange.count + 1,
        isReplying: false,
        requestBytes: 0,
        replyBytes: 0,
      });
    }
    exchange.requestBytes += chunk.length;
    if (fault?.kind === 'blackHole') return;
    if (fault?.kind === 'closeReused') cut();
    else if (fault?.kind === 'resetRequest' && exchange.requestBytes > fault.afterBytes) {
      const over = exchange.requestBytes - fault.afterBytes;
      far.write(chunk.subarray(0, Math.max(0, chunk.length - over)), cut);
    } else far.write(chunk);
  });
  far.on('data', (chunk) => {
    exchange.isReplying = true;
    exchange.replyBytes += chunk.length;
    if (fault?.kind === 'halfOpen') return;
    if (fault?.kind === 'resetReply' && exchange.replyBytes > fault.afterBytes) {
      const over = exchange.replyBytes - fault.afterBytes;
      near.write(chunk.subarray(0, Math.max(0, chunk.length - over)), cut);
    } else if (fault?.kind === 'trickle') trickle(near, chunk, fault);
    else near.write(chunk);
  });
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
  return { cut, isSilent: () => fault?.kind === 'halfOpen' || fault?.kind === 'blackHole' };
}

async function trickle(near: Socket, chunk: Buffer, { bytes, everyMs }: { bytes: number; everyMs: number }) {
  for (let at = 0; at < chunk.length && !near.destroyed; at += bytes) {
    near.write(chunk.subarray(at, at + bytes));
    await wait(everyMs);
  }
}
