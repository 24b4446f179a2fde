/** The spans that a collector is sent, and what becomes of them when it does not take them. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseTraceparent } from '../../../src/model/trace-context.ts';
import type { SentRequest, Tracing } from '../../../src/telemetry/tracing.ts';
import { startTracing, type TracingOptions } from '../../../src/telemetry/tracing-sdk.ts';
import { type OtlpCollector, startCollector } from '../../support/otlp-collector.ts';

const hex = (length: number, n: number) => n.toString(16).padStart(length, '0');
const traceparent = (n: number, flags = '01') => `00-${hex(32, n)}-${hex(16, n)}-${flags}`;

interface Rig {
  readonly collector: OtlpCollector;
  readonly tracing: Tracing;
  readonly signs: { exported: number; lost: number; readonly reasons: Set<string> };
  /** Ends it: everything that will ever come is with the collector. */
  spans(): Promise<OtlpCollector['spans']>;
}

async function rig(options: Partial<TracingOptions> = {}): Promise<Rig> {
  const collector = await startCollector();
  const signs = { exported: 0, lost: 0, reasons: new Set<string>() };
  const tracing = startTracing({
    url: `${collector.url}/v1/traces`,
    serviceName: 'brazier-test',
    version: '1.2.3',
    sampleRatio: 1,
    readHeaders: () => ({}),
    signs: {
      exported(spans) {
        signs.exported += spans;
      },
      lost(spans, reason) {
        signs.lost += spans;
        signs.reasons.add(reason);
      },
    },
    ...options,
  });
  onTestFinished(async () => {
    await tracing.stop(AbortSignal.abort());
    await collector.close();
  });
  const spans = async () => {
    await tracing.stop(AbortSignal.timeout(60_000));
    return collector.spans;
  };
  return { collector, tracing, signs, spans };
}

const sent = (traceparents: SentRequest['traceparents'], more: Partial<SentRequest> = {}): SentRequest => ({
  destination: 'braze',
  origin: 'https://rest.example.com',
  endpoint: '/users/track',
  objects: 3,
  attempt: 1,
  status: 201,
  outcome: 'delivered',
  code: null,
  at: 1_700_000_000_000,
  durationMs: 12,
  traceparents,
  ...more,
});

const processed = (traceparents: SentRequest['traceparents']) => ({
  topic: 'orders',
  partition: 7,
  source: 'crm',
  records: 4,
  accepted: 3,
  rejected: 2,
  at: 1_700_000_000_000,
  durationMs: 5,
  traceparents,
});

describe('the span of a request', () => {
  it('is a child of what its sender named, and what its events carry on', async () => {
    const { tracing, spans } = await rig();
    const span = tracing.tracer.startRequest({ route: '/v1/batch', traceparent: traceparent(5) });
    span.note({ source: 'shop', accepted: 2, duplicates: 0, rejected: 1 });
    span.end(200);
    const [only, ...others] = await spans();
    expect(others).toEqual([]);
    expect(only).toMatchObject({
      traceId: hex(32, 5),
      parentSpanId: hex(16, 5),
      name: 'POST /v1/batch',
      kind: 'SERVER',
      isError: false,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/batch',
        'url.path': '/v1/batch',
        'url.scheme': 'http',
        'http.response.status_code': 200,
        'brazier.source': 'shop',
        'brazier.events.accepted': 2,
        'brazier.events.duplicates': 0,
        'brazier.events.rejected': 1,
      },
      resource: {
        'service.name': 'brazier-test',
        'service.version': '1.2.3',
        'telemetry.sdk.name': 'opentelemetry',
      },
    });
    const { traceId, spanId } = only ?? {};
    expect(parseTraceparent(span.traceparent)).toEqual({ traceId, spanId, isSampled: true });
  });

  it.each([
    [200, undefined, false, undefined],
    [401, 'unauthorized', false, undefined],
    [503, 'log_closing', true, '503'],
    [undefined, undefined, true, 'aborted'],
  ])('that is answered with %s (%s) is an error: %s', async (status, code, isError, type) => {
    const { tracing, spans } = await rig();
    const span = tracing.tracer.startRequest({ route: '/v1/track', traceparent: undefined });
    if (code !== undefined) span.note({ code });
    span.end(status);
    const [only] = await spans();
    expect(only).not.toHaveProperty('parentSpanId');
    expect(only?.isError).toBe(isError);
    expect(only?.attributes['error.type']).toBe(type);
    expect(only?.attributes['brazier.code']).toBe(code);
  });

  it.each([undefined, 'nonsense', `00-${hex(32, 0)}-${hex(16, 1)}-01`, `ff-${hex(32, 1)}-${hex(16, 1)}-01`])(
    'begins a trace of its own where it is named %j',
    async (named) => {
      const { tracing, spans } = await rig();
      tracing.tracer.startRequest({ route: '/v1/batch', traceparent: named }).end(200);
      const [only] = await spans();
      expect(only?.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(only).not.toHaveProperty('parentSpanId');
    },
  );
});

describe('what is recorded', () => {
  it.each([
    { sampleRatio: 1, flags: '00', isRecorded: false },
    { sampleRatio: 0, flags: '01', isRecorded: true },
    { sampleRatio: 1, flags: undefined, isRecorded: true },
    { sampleRatio: 0, flags: undefined, isRecorded: false },
  ])('of requests with the ratio $sampleRatio and the flags $flags: $isRecorded', async (given) => {
    const { tracing, spans } = await rig({ sampleRatio: given.sampleRatio });
    const named = given.flags === undefined ? undefined : traceparent(3, given.flags);
    const span = tracing.tracer.startRequest({ route: '/v1/batch', traceparent: named });
    span.end(200);
    expect(parseTraceparent(span.traceparent)?.isSampled).toBe(given.isRecorded);
    if (named !== undefined) expect(parseTraceparent(span.traceparent)?.traceId).toBe(hex(32, 3));
    expect(await spans()).toHaveLength(given.isRecorded ? 1 : 0);
  });

  it.each([
    { sampleRatio: 0, of: [traceparent(1, '00'), traceparent(2)], links: 1 },
    { sampleRatio: 1, of: [traceparent(1, '00'), undefined], links: null },
    { sampleRatio: 1, of: [undefined, 'nonsense'], links: 0 },
    { sampleRatio: 0, of: [undefined], links: null },
    { sampleRatio: 0, of: [traceparent(1), traceparent(1), traceparent(1)], links: 1 },
  ])(
    'of requests to Braze and of records with the ratio $sampleRatio, of $of: $links links',
    async (given) => {
      const { tracing, spans } = await rig({ sampleRatio: given.sampleRatio });
      tracing.tracer.sent(sent(given.of));
      tracing.tracer.processed(processed(given.of));
      const found = (await spans()).map(({ links }) => links.length);
      expect(found).toEqual(given.links === null ? [] : [given.links, given.links]);
    },
  );

  it('of many traces is about the ratio', async () => {
    const { tracing } = await rig({ sampleRatio: 0.25 });
    const spans = Array.from({ length: 4_000 }, () =>
      tracing.tracer.startRequest({ route: '/v1/batch', traceparent: undefined }),
    );
    const recorded = spans.filter((span) => parseTraceparent(span.traceparent)?.isSampled === true);
    // Four standard deviations on either side.
    expect(recorded.length).toBeGreaterThan(890);
    expect(recorded.length).toBeLessThan(1_110);
  });
});

describe('the span of a request to Braze', () => {
  it('links to where its events come from, and begins a trace of its own', async () => {
    const { tracing, spans } = await rig();
    tracing.tracer.sent(sent([traceparent(1), undefined, traceparent(2), traceparent(1)]));
    const [only] = await spans();
    expect(only).toMatchObject({
      name: 'POST /users/track',
      kind: 'CLIENT',
      isError: false,
      durationMs: 12,
      links: [
        { traceId: hex(32, 1), spanId: hex(16, 1) },
        { traceId: hex(32, 2), spanId: hex(16, 2) },
      ],
      attributes: {
        'http.request.method': 'POST',
        'url.full': 'https://rest.example.com/users/track',
        'url.template': '/users/track',
        'server.address': 'rest.example.com',
        'server.port': 443,
        'http.response.status_code': 201,
        'brazier.destination': 'braze',
        'brazier.objects': 3,
        'brazier.attempt': 1,
        'brazier.outcome': 'delivered',
      },
    });
    expect(only).not.toHaveProperty('parentSpanId');
    expect([hex(32, 1), hex(32, 2)]).not.toContain(only?.traceId);
    expect(only?.attributes).not.toHaveProperty('http.request.resend_count');
  });

  it.each([
    [{ status: 503, outcome: 'retry', code: 'http_503', attempt: 2 }, '503', 1],
    [{ status: null, outcome: 'retry', code: 'econnreset', attempt: 3 }, 'econnreset', 2],
    [{ status: 400, outcome: 'split', code: null, attempt: 1 }, '400', undefined],
  ])('that ends by %j is an error', async (more, type, resends) => {
    const { tracing, spans } = await rig();
    tracing.tracer.sent(sent([], more));
    const [only] = await spans();
    expect(only?.isError).toBe(true);
    expect(only?.attributes['error.type']).toBe(type);
    expect(only?.attributes['http.response.status_code']).toBe(more.status ?? undefined);
    expect(only?.attributes['http.request.resend_count']).toBe(resends);
    expect(only?.attributes['brazier.code']).toBe(more.code ?? undefined);
  });

  it('has at most 75 links, however many there are', async () => {
    const { tracing, spans } = await rig();
    const many = Array.from({ length: 5_000 }, (_, n) => traceparent(n + 1));
    tracing.tracer.sent(sent(many));
    tracing.tracer.processed(processed(many));
    expect((await spans()).map(({ links }) => links.length)).toEqual([75, 75]);
  });
});

it('the span of records names their topic as the conventions for messaging have it', async () => {
  const { tracing, spans } = await rig();
  tracing.tracer.processed(processed([traceparent(9)]));
  const [only] = await spans();
  expect(only).toMatchObject({
    name: 'process orders',
    kind: 'CONSUMER',
    durationMs: 5,
    links: [{ traceId: hex(32, 9), spanId: hex(16, 9) }],
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '7',
      'messaging.batch.message_count': 4,
      'brazier.source': 'crm',
      'brazier.events.accepted': 3,
      'brazier.events.rejected': 2,
    },
  });
});

describe('the collector', () => {
  const one = ({ tracing }: Rig) =>
    tracing.tracer.startRequest({ route: '/v1/batch', traceparent: undefined }).end(200);

  it('is sent what has ended within seconds, with headers that are read anew each time', async () => {
    let key = 'first';
    const made = await rig({ readHeaders: () => ({ 'x-key': key }) });
    one(made);
    await vi.waitFor(() => expect(made.collector.spans).toHaveLength(1), { timeout: 60_000 });
    key = 'second';
    one(made);
    await made.spans();
    expect(made.signs).toMatchObject({ exported: 2, lost: 0 });
    expect(made.collector.requests.map(({ path, headers }) => [path, headers['x-key']])).toEqual([
      ['POST /v1/traces', 'first'],
      ['POST /v1/traces', 'second'],
    ]);
    expect(made.collector.requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    });
  });

  it('is where the configuration says, whatever the environment says; headers of the environment come along', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'http://127.0.0.1:9/other');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '1');
    vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'none');
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-key=environment,x-more=environment');
    vi.stubEnv('OTEL_SERVICE_NAME', 'environment');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'a=b');
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'always_off');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const made = await rig({ readHeaders: () => ({ 'x-key': 'configuration' }) });
    one(made);
    const [only] = await made.spans();
    expect(only?.resource).toMatchObject({ 'service.name': 'brazier-test' });
    expect(only?.resource).not.toHaveProperty('a');
    expect(made.collector.requests[0]?.headers).toMatchObject({
      'content-encoding': 'gzip',
      'x-key': 'configuration',
      'x-more': 'environment',
    });
  });

  it.each([
    [400, 'http_400'],
    [401, 'http_401'],
  ])('that answers %d loses them, which is told', async (answer, reason) => {
    const made = await rig();
    made.collector.answer = answer;
    one(made);
    await made.spans();
    expect(made.signs).toEqual({ exported: 0, lost: 1, reasons: new Set([reason]) });
  });

  it('that wants a header whose file is gone loses them, and no more', async () => {
    const made = await rig({
      readHeaders() {
        throw new Error('cannot read');
      },
    });
    one(made);
    expect(await made.spans()).toEqual([]);
    expect(made.signs.lost).toBe(1);
  });

  it.each(['hang', 503] as const)(
    'that answers %s holds up a stop for two seconds at most',
    async (answer) => {
      const made = await rig();
      made.collector.answer = answer;
      one(made);
      const startedAt = performance.now();
      await made.tracing.stop(AbortSignal.timeout(60_000));
      expect(performance.now() - startedAt).toBeLessThan(4_000);
      one(made);
    },
  );

  it('is not waited for when the time to stop is over', async () => {
    const made = await rig();
    made.collector.answer = 'hang';
    one(made);
    const startedAt = performance.now();
    await made.tracing.stop(AbortSignal.abort());
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it('that is away for long costs a bounded memory: 1,024 spans wait, the others are lost and told', async () => {
    const made = await rig();
    made.collector.answer = 'hang';
    for (let n = 0; n < 3_000; n += 1) one(made);
    // One batch of 256 has left and hangs.
    expect(made.signs).toEqual({ exported: 0, lost: 3_000 - 1_024 - 256, reasons: new Set(['queue_full']) });
  });
});
