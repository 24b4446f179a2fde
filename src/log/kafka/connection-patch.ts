/**
 * Begins each connection of kafkajs 2.2.4 with nothing received: the object is used again when its socket has ended, and
 * kept the half of a response that a dying broker had sent. What came next was read as the rest of it, and every request
 * on that connection then ran into its timeout, for ever.
 */
import { Connection, type RawConnection } from './internals.ts';
import { patchMethod } from './patch-guard.ts';

/** Of the length that each response begins with. */
const LENGTH_BYTES = 4;

export const CONNECT_METHOD = {
  name: 'Connection.connect',
  sourceHash: 'f62881754acb28b9649343a621f36c450fed94751126a6570498975fb1c48a58',
};

/** For the whole process; throws when kafkajs is not the one it was made for. */
export function patchConnect(): void {
  patchMethod(
    Connection.prototype,
    'connect',
    CONNECT_METHOD,
    (original) =>
      function connect(this: RawConnection): Promise<unknown> {
        if (!this.isConnected()) {
          // What a socket of before may still receive goes into the same buffer.
          this.socket?.destroy();
          this.chunks = [];
          this.bytesBuffered = 0;
          this.bytesNeeded = LENGTH_BYTES;
        }
        return original.call(this);
      },
  );
}
