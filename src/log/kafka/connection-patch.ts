/**
 * Begins each connection of kafkajs 2.2.4 with nothing received: the object is used again when its socket has ended, and
 * kept the half of a response that a dying broker had sent. What came next was read as the rest of it, and every request
 * on that connection then ran into its timeout, for ever. And connects once for all who ask meanwhile: each made a socket
 * of its own, of which the last was kept. Each of them lets go of it when it has failed, so that this is no more than once.
 */
import { Connection, type RawConnection } from './internals.ts';
import { patchMethod } from './patch-guard.ts';

/** Of the length that each response begins with. */
const LENGTH_BYTES = 4;

export const CONNECT_METHOD = {
  name: 'Connection.connect',
  sourceHash: 'f62881754acb28b9649343a621f36c450fed94751126a6570498975fb1c48a58',
};

/** Connecting that has begun and not ended, and over which socket. */
interface Attempt {
  readonly socket: RawConnection['socket'];
  readonly done: Promise<unknown>;
}

/** On a socket without a handle Node waits for a connect that will not come, by a listener for each call, and warns of 11. */
function letGoOnce(socket: RawConnection['socket']): void {
  if (socket === undefined) return;
  const unref = socket.unref.bind(socket);
  socket.unref = () => (socket.destroyed ? socket : unref());
}

/** For the whole process; throws when kafkajs is not the one it was made for. */
export function patchConnect(): void {
  const attempts = new WeakMap<RawConnection, Attempt>();

  function attempt(connection: RawConnection, original: RawConnection['connect']): Promise<unknown> {
    // What a socket of before may still receive goes into the same buffer.
    connection.socket?.destroy();
    connection.chunks = [];
    connection.bytesBuffered = 0;
    connection.bytesNeeded = LENGTH_BYTES;
    const done = original.call(connection);
    letGoOnce(connection.socket);
    attempts.set(connection, { socket: connection.socket, done });
    const end = () => {
      if (attempts.get(connection)?.done === done) attempts.delete(connection);
    };
    done.then(end, end);
    return done;
  }

  patchMethod(
    Connection.prototype,
    'connect',
    CONNECT_METHOD,
    (original) =>
      function connect(this: RawConnection): Promise<unknown> {
        if (this.isConnected()) return original.call(this);
        const begun = attempts.get(this);
        // Requests that come together each ask for it.
        if (begun && begun.socket === this.socket && begun.socket?.destroyed === false) return begun.done;
        return attempt(this, original);
      },
  );
}
