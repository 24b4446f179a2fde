/** Passes the connections of Kafka's clients on to a broker, and cuts them when it is told: a network that fails. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** Where connections go from now on, on 127.0.0.1. */
  aim(port: number): void;
  /** Cuts those that are open; how many there were. */
  cut(): number;
  close(): Promise<void>;
}

/** On a free port of 127.0.0.1. */
export async function startRelay(): Promise<Relay> {
  const open = new Set<Socket>();
  let target = 0;
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    open.add(near);
    near.on('close', () => {
      open.delete(near);
      far.destroy();
    });
    far.on('close', () => near.destroy());
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far);
    far.pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    const count = open.size;
    for (const near of open) near.resetAndDestroy();
    return count;
  };
  return {
    port: (server.address() as AddressInfo).port,
    aim(port) {
      target = port;
    },
    cut,
    async close() {
      cut();
      await once(server.close(), 'close');
    },
  };
}
