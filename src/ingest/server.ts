/** The ingest server: takes events over HTTP and answers `200` only when the log has them durable. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HttpConfig, SourceConfig } from '../config/config.ts';
import { listenOn } from '../config/listen.ts';
import type { EventLog } from '../log/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing.ts';
import { createAnswers } from './answer.ts';
import { createAuthenticate } from './auth.ts';
import { createBudget } from './budget.ts';
import { createConnections } from './connections.ts';
import { describeIngest } from './description.ts';
import { createIngest, type Ingest, type IngestParts } from './ingest.ts';
import { DEFAULT_LIMITS, type IngestLimits, limitsFor } from './limits.ts';
import { createRefusalLog, type IngestLogger } from './refusal-log.ts';
import { createListener } from './routes.ts';
import { createStore } from './store.ts';

export interface IngestServerOptions {
  readonly http: HttpConfig;
  readonly sources: readonly SourceConfig[];
  readonly log: Pick<EventLog, 'append' | 'maxValueBytes'>;
  readonly metrics: Metrics;
  readonly logger: IngestLogger;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Ids for events without a messageId, and for dead letters. */
  readonly newId: () => string;
  /** 0 ≤ random() < 1. */
  readonly random: () => number;
  readonly limits?: Partial<IngestLimits>;
  /** Without one nothing is traced. */
  readonly tracer?: Pick<Tracer, 'startRequest'> | undefined;
}

export interface IngestState {
  readonly phase: 'idle' | 'listening' | 'draining' | 'closed';
  /** Body bytes that are read and not yet durable. */
  readonly pendingBytes: number;
}

export interface IngestServer {
  /** Resolves with the address when it takes requests; rejects with one line that says what to do. */
  listen(): Promise<{ host: string; port: number }>;
  /** From now on new requests get 503 with `Retry-After`, and connections end with their answer. */
  setDraining(): void;
  /** Accepts nothing more, lets running requests finish, and cuts those that still run when `signal` aborts. */
  close(signal: AbortSignal): Promise<void>;
  /** From the next request on these are the sources; one that has been let in goes on as before. */
  useSources(sources: readonly SourceConfig[]): void;
  /** For readiness: it takes events while `listening`. */
  state(): IngestState;
}

export function createIngestServer(options: IngestServerOptions): IngestServer {
  const limits = limitsFor({ ...DEFAULT_LIMITS, ...options.limits }, options.log);
  const budget = createBudget(limits.maxPendingBytes);
  let phase: IngestState['phase'] = 'idle';
  const isDraining = () => phase === 'draining' || phase === 'closed';
  const answers = createAnswers({
    random: options.random,
    isClosing: isDraining,
    drain: { maxBytes: options.http.maxBodyBytes, maxMs: limits.drainMs },
  });
  let authenticate = createAuthenticate(options.sources);
  const ingest = createIngestWith(options, {
    limits,
    budget,
    answers,
    isDraining,
    authenticate: (authorization) => authenticate(authorization),
  });
  const description = describeIngest({ ...limits, maxBodyBytes: options.http.maxBodyBytes });
  const listener = createListener({ ...options, ingest, answers, description, isDraining });
  const server = createHttpServer(limits);
  const connections = createConnections(server, options.metrics);
  const onRequest = (req: IncomingMessage, res: ServerResponse) => {
    connections.track(req, res);
    listener(req, res);
  };
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, onRequest);
  return {
    async listen() {
      const address = await listenOn(server, 'http', options.http);
      phase = 'listening';
      // Too few file descriptors and the like: the next connection may succeed.
      server.on('error', (error) =>
        options.logger.error('connection not accepted', { error: error.message }),
      );
      return address;
    },
    setDraining() {
      if (phase === 'listening') phase = 'draining';
    },
    async close(signal) {
      phase = 'closed';
      await connections.close(signal);
    },
    useSources(sources) {
      authenticate = createAuthenticate(sources);
    },
    state: () => ({ phase, pendingBytes: budget.usedBytes }),
  };
}

type IngestCore = Pick<IngestParts, 'limits' | 'budget' | 'answers' | 'isDraining' | 'authenticate'>;

function createIngestWith(options: IngestServerOptions, core: IngestCore): Ingest {
  const { log, metrics, tracer, logger, now, newId, http } = options;
  const logRefusal = createRefusalLog(logger, now);
  return createIngest({
    ...core,
    store: createStore({ log, metrics, logRefusal, appendTimeoutMs: core.limits.appendTimeoutMs }),
    metrics,
    tracer,
    logRefusal,
    maxBodyBytes: http.maxBodyBytes,
    now,
    newId,
  });
}

function createHttpServer(limits: IngestLimits): Server {
  const server = createServer({
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.connectionsCheckMs,
    maxHeaderSize: limits.maxHeaderBytes,
  });
  server.maxConnections = limits.maxConnections;
  return server;
}
