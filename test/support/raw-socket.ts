/** A connection on which a test writes what it likes. */
import { connect, type Socket } from 'node:net';

export interface RawSocket {
  readonly socket: Socket;
  readonly received: () => string;
  /** When it was closed, ms after it was opened. */
  readonly closed: Promise<number>;
}

/** Resolves when it stands; one that is refused counts as closed. */
export async function openRaw(url: string): Promise<RawSocket> {
  const { hostname, port } = new URL(url);
  const openedAt = performance.now();
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => {
    socket.once('close', () => resolve(performance.now() - openedAt));
  });
  const stands = new Promise((resolve) => socket.once('connect', resolve));
  await Promise.race([stands, closed]);
  return { socket, received: () => text, closed };
}
