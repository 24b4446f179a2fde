/** Starts tracing: the only way to OpenTelemetry's SDK, loaded where tracing is on and nowhere else. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Tracing, TracingSigns } from './tracing.ts';
import { createSpanProcessor } from './tracing-export.ts';
import { createSampler } from './tracing-sampler.ts';
import { createTracer } from './tracing-spans.ts';

export interface TracingOptions {
  /** Where the spans are posted (OTLP over HTTP, JSON). */
  readonly url: string;
  readonly serviceName: string;
  readonly version: string;
  /** Of the traces that begin here, from 0 to 1. */
  readonly sampleRatio: number;
  /** Asked before each request to the collector. When it throws, these spans are lost. */
  readonly readHeaders: () => Readonly<Record<string, string>>;
  readonly signs: TracingSigns;
}

/** One request to the collector, with what it takes to try it again. */
const EXPORT_TIMEOUT_MS = 5_000;
/** At the end all that is queued goes at once. */
const MAX_AT_ONCE = 8;
/** The collector is given so much of a stop. */
const FLUSH_MS = 2_000;

export function startTracing(options: TracingOptions): Tracing {
  const { serviceName, version, sampleRatio, signs } = options;
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.name': serviceName,
        'service.version': version,
        'service.instance.id': randomUUID(),
        'host.name': hostname(),
      }),
    ),
    sampler: createSampler(sampleRatio),
    spanProcessors: [createSpanProcessor(createExporter(options), signs)],
  });
  return {
    tracer: createTracer(provider.getTracer('brazier', version)),
    async stop(deadline) {
      const isOver = AbortSignal.any([deadline, AbortSignal.timeout(FLUSH_MS)]);
      await Promise.race([provider.shutdown().catch(() => undefined), abortOf(isOver)]);
    },
  };
}

type ExporterOptions = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;

/** Everything is said here: what is left open the exporter takes from variables of the environment (`OTEL_…`). */
function createExporter({ url, readHeaders }: TracingOptions): SpanExporter {
  return new OTLPTraceExporter({
    url,
    headers: async () => ({ ...readHeaders() }),
    timeoutMillis: EXPORT_TIMEOUT_MS,
    // Every collector takes it (OTLP specification, OTLP/HTTP): links repeat themselves.
    compression: 'gzip' as NonNullable<ExporterOptions['compression']>,
    httpAgentOptions: { keepAlive: true },
    concurrencyLimit: MAX_AT_ONCE,
  });
}

async function abortOf(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
