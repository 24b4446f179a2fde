/** The client's side of one HTTP connection that is kept open, at the least cost: one request after the other, only the status is read. */
import { connect, type Socket } from 'node:net';

export interface HttpConnection {
  /** Resolves with the status. Rejects when the connection ends before the answer. */
  post(request: PostedRequest): Promise<number>;
  close(): void;
}

export interface PostedRequest {
  /** Of `headOf`. */
  readonly head: Buffer;
  readonly body: Buffer;
}

export interface HeadOptions {
  readonly path: string;
  readonly writeKey: string;
  readonly bytes: number;
  readonly isGzip: boolean;
}

export function headOf({ path, writeKey, bytes, isGzip }: HeadOptions): Buffer {
  const lines = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Authorization: Basic ${btoa(`${writeKey}:`)}`,
    ...(isGzip ? ['Content-Encoding: gzip'] : []),
    `Content-Length: ${bytes}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** Connects with the first request, and again after a connection was lost. @param origin `http://host:port` */
export function createHttpConnection(origin: string): HttpConnection {
  const { hostname, port } = new URL(origin);
  let socket: Socket | undefined;
  let waiting: PromiseWithResolvers<number> | undefined;
  let text = '';
  const open = () => {
    text = '';
    const opened = connect({ host: hostname, port: Number(port), noDelay: true });
    opened.setEncoding('latin1').on('data', (part: string) => {
      text += part;
      const status = statusOf(text);
      if (status === undefined) return;
      text = '';
      waiting?.resolve(status);
    });
    opened.on('error', () => undefined);
    opened.on('close', () => {
      socket = undefined;
      waiting?.reject(new Error('the connection ended before the answer'));
    });
    return opened;
  };
  return {
    post({ head, body }) {
      waiting = Promise.withResolvers();
      socket ??= open();
      socket.cork();
      socket.write(head);
      socket.write(body);
      socket.uncork();
      return waiting.promise;
    },
    close: () => socket?.destroy(),
  };
}

/** Undefined while the answer is not whole. The servers here give the length of every answer. */
function statusOf(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const length = Number(/content-length: *(\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0);
  return text.length < headEnd + 4 + length ? undefined : Number(text.slice(9, 12));
}
