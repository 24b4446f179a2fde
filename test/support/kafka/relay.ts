/** Passes the connections of Kafka's clients on to a broker, and cuts them when it is told: a network that fails. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Relay {
  /** Cuts those that are open; how many there were. */
  cut(): number;
  close(): Promise<void>;
}

/** Ports of 127.0.0.1: where it listens, and where it leads. */
export async function startRelay({
  port,
  to,
}: {
  readonly port: number;
  readonly to: number;
}): Promise<Relay> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    open.add(near);
    near.on('close', () => {
      open.delete(near);
      far.destroy();
    });
    far.on('close', () => near.destroy());
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far);
    far.pipe(near);
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    const count = open.size;
    for (const near of open) near.resetAndDestroy();
    return count;
  };
  return {
    cut,
    async close() {
      cut();
      await once(server.close(), 'close');
    },
  };
}
