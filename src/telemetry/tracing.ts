/**
 * What the steps tell of themselves for spans of OpenTelemetry. Where tracing is off nobody has a tracer: nothing of the SDK
 * is loaded, and nobody does anything for it.
 */

/** Each of these is called per request or per append, never per event. None of them throws or waits. */
export interface Tracer {
  /** A sender's request has come, with the `traceparent` that it brought, whatever that holds. */
  startRequest(request: StartedRequest): RequestSpan;
  /** A request to Braze has ended. */
  sent(request: SentRequest): void;
  /** Records of a topic are in the log. */
  processed(records: ProcessedRecords): void;
}

export interface StartedRequest {
  /** The template of its path, e.g. `/v1/batch`. */
  readonly route: string;
  readonly traceparent: string | undefined;
}

export interface RequestSpan {
  /** What the request's events carry from here on: this span is where they come from. */
  readonly traceparent: string;
  note(facts: RequestFacts): void;
  /** @param status of the answer; undefined when the sender had gone before it was out */
  end(status: number | undefined): void;
}

export interface RequestFacts {
  /** Id of the source. */
  readonly source?: string;
  /** Events that are new in the log, that it had already, and that were turned away. */
  readonly accepted?: number;
  readonly duplicates?: number;
  readonly rejected?: number;
  /** Of the refusal of the whole request. */
  readonly code?: string;
}

/** When something began, ms since the epoch, and how long it took. */
interface Timed {
  readonly at: number;
  readonly durationMs: number;
  /** Of the events that it was about: where they come from. The same may stand there often. */
  readonly traceparents: Iterable<string | undefined>;
}

export interface SentRequest extends Timed {
  readonly destination: string;
  /** Origin of Braze's REST API. */
  readonly origin: string;
  readonly endpoint: string;
  /** Braze objects that it held. */
  readonly objects: number;
  /** 1 for the first. */
  readonly attempt: number;
  /** Null when no reply came. */
  readonly status: number | null;
  /** In the words of `brazier_delivery_attempts_total`. */
  readonly outcome: string;
  /** Why it is sent again or the destination halts, e.g. `http_503`, `econnreset`, `key_refused`. */
  readonly code: string | null;
}

export interface ProcessedRecords extends Timed {
  readonly topic: string;
  readonly partition: number;
  readonly source: string;
  /** Records read, and the events in them that were accepted and rejected. */
  readonly records: number;
  readonly accepted: number;
  readonly rejected: number;
}

/** A tracer at work. */
export interface Tracing {
  readonly tracer: Tracer;
  /**
   * Sends what has ended and takes no more spans. Resolves in two seconds at the latest, or when the deadline aborts; what
   * the collector has not taken by then is lost.
   */
  stop(deadline: AbortSignal): Promise<void>;
}

/** What becomes of the spans. */
export interface TracingSigns {
  exported(spans: number): void;
  /** @param reason in a word, e.g. `queue_full`, `econnrefused`, `http_503` */
  lost(spans: number, reason: string): void;
}
