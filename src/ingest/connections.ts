/** Knows which connections have a request running, closes the others, and answers what is no HTTP. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Metrics } from '../telemetry/metrics.ts';
import type { RefusalCode } from './codes.ts';

export interface Connections {
  /** To be called with each request before it is handled. */
  track(req: IncomingMessage, res: ServerResponse): void;
  /** Stops accepting and closes what is idle; the rest ends with its answer, or when `signal` aborts. */
  close(signal: AbortSignal): Promise<void>;
}

export function createConnections(server: Server, metrics: Metrics): Connections {
  const open = new Set<Duplex>();
  /** The answer under way on a connection; of pipelined ones the last. */
  const running = new Map<Duplex, ServerResponse>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const isAnswerable = socket.writable && !running.get(socket)?.headersSent;
    if (!isAnswerable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const fault = faultOf(error.code);
    metrics.httpRequests.count({ route: 'unparsed', method: 'other', code: String(fault.status) });
    socket.end(rawAnswer(fault), () => socket.destroy());
  });
  return {
    track({ socket }, res) {
      running.set(socket, res);
      res.on('close', () => {
        if (running.get(socket) === res) running.delete(socket);
      });
    },
    async close(signal) {
      const closed = new Promise((resolve) => server.close(resolve));
      // Node's own closeIdleConnections leaves those alone that have not sent a byte yet.
      for (const socket of open) if (!running.has(socket)) socket.destroy();
      const cut = () => server.closeAllConnections();
      if (signal.aborted) cut();
      signal.addEventListener('abort', cut, { once: true });
      await closed;
      signal.removeEventListener('abort', cut);
    },
  };
}

interface Fault {
  readonly status: 400 | 408 | 431;
  readonly reason: string;
  readonly code: RefusalCode<400 | 408 | 431>;
  readonly message: string;
}

function faultOf(code: string | undefined): Fault {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      status: 431,
      reason: 'Request Header Fields Too Large',
      code: 'headers_too_large',
      message: 'the request headers are too large',
    };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return {
      status: 408,
      reason: 'Request Timeout',
      code: 'request_timeout',
      message: 'the request did not arrive in time',
    };
  }
  return {
    status: 400,
    reason: 'Bad Request',
    code: 'invalid_http',
    message: 'the request is not valid HTTP',
  };
}

/** Written by hand: before a request is parsed there is no response object to write with. */
function rawAnswer({ status, reason, code, message }: Fault): string {
  const body = JSON.stringify({ code, message });
  return [
    `HTTP/1.1 ${status} ${reason}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
