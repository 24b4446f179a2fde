/** Spans on their way out: a bounded number of them, in batches, beside everything else; each is told of as exported or lost. */
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { TracingSigns } from './tracing.ts';

/** With 75 links each about 25 MB. */
const MAX_QUEUED = 1024;
const BATCH = 256;
const BATCH_EVERY_MS = 1_000;
/** The sender gives up sooner by itself: this is for one that is never heard of again. */
const GIVE_UP_MS = 15_000;

/** Beyond the number that may wait a span is lost: nobody waits for the collector. */
export function createSpanProcessor(exporter: SpanExporter, signs: TracingSigns): SpanProcessor {
  let queued = 0;
  const batches = new BatchSpanProcessor({
    exporter: told(exporter, signs, (spans) => {
      queued -= spans;
    }),
    maxQueueSize: MAX_QUEUED,
    maxExportBatchSize: BATCH,
    scheduledDelayMillis: BATCH_EVERY_MS,
    exportTimeoutMillis: GIVE_UP_MS,
  });
  let isShut = false;
  return {
    onStart: () => undefined,
    onEnd(span) {
      if (isShut) return;
      // As the batches count them: they would leave it out without a word.
      if (queued === MAX_QUEUED) return signs.lost(1, 'queue_full');
      queued += 1;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown() {
      isShut = true;
      return batches.shutdown();
    },
  };
}

/** The same exporter, that tells what became of each batch. */
function told(exporter: SpanExporter, signs: TracingSigns, onTaken: (spans: number) => void): SpanExporter {
  return {
    export(spans, done) {
      onTaken(spans.length);
      exporter.export(spans, (result) => {
        if (result.error === undefined && result.code === 0) signs.exported(spans.length);
        else signs.lost(spans.length, reasonOf(result.error));
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/** Without the collector's own words, which may be any. */
function reasonOf(error: Error | undefined): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (typeof code === 'number') return `http_${code}`;
  return typeof code === 'string' ? code.toLowerCase() : 'not_taken';
}
