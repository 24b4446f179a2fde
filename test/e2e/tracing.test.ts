/** Spans of the real process, as a collector gets them: from a sender's span through the log to the request to Braze. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CollectedSpan, type OtlpCollector, startCollector } from '../support/otlp-collector.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const PATIENT = { timeout: 60_000, interval: 20 };
/** Beyond the two seconds that a stop grants the collector: for a busy machine. */
const STOPPED_WITHIN_MS = 15_000;

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `00-${TRACE}-${SPAN}-00`;

const KEY = 'canary-rest-key-8d1';
const WRITE_KEY = 'canary-write-key-8d2';
const HEADER = 'canary-header-8d3';

async function rig(tracing: object = {}) {
  const collector = await startCollector();
  cleanups.push(() => collector.close());
  const braze = await startSandbox({ apiKey: KEY });
  cleanups.push(braze.close);
  const folder = makeFolder(
    braze.url,
    { restApiKey: KEY, lingerMs: 5 },
    {
      sources: [{ id: 'shop', writeKey: WRITE_KEY }],
      tracing: {
        endpoint: collector.url,
        headers: [{ name: 'x-collector-key', value: HEADER }],
        ...tracing,
      },
    },
  );
  cleanups.push(folder.remove);
  const delivered = (count: number) =>
    vi.waitFor(
      () => expect(braze.sandbox.users().flatMap(({ events }) => events)).toHaveLength(count),
      PATIENT,
    );

  async function serve(env: Record<string, string> = {}) {
    const server = startProcess(['serve', '--config', folder.configFile], env);
    cleanups.push(() => server.kill('SIGKILL'));
    const { http } = await server.ready;
    /** One event of somebody; what the server answered. */
    const send = async (userId: string, traceparent?: string, path = '/v1/track') => {
      const authorization = `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`;
      const reply = await fetch(http + path, {
        method: 'POST',
        headers: { authorization, ...(traceparent !== undefined && { traceparent }) },
        body: JSON.stringify({ userId, event: 'canary-event-8d4', properties: { plan: 'canary-plan-8d5' } }),
      });
      return reply.status;
    };
    const stop = async () => {
      server.kill('SIGTERM');
      expect(await server.exited).toBe(0);
    };
    return { server, send, stop };
  }
  return { collector, braze, delivered, serve };
}

const ofKind = ({ spans }: OtlpCollector, kind: CollectedSpan['kind']) =>
  spans.filter((span) => span.kind === kind);
const linkTo = ({ traceId, spanId }: CollectedSpan) => ({ traceId, spanId });

describe('an event', () => {
  it("is followed from its sender's span through the log to the request to Braze", async () => {
    const { collector, delivered, serve } = await rig();
    const { send, stop } = await serve();
    expect(await send('kim', SAMPLED)).toBe(200);
    await delivered(1);
    await stop();

    const [request, ...otherRequests] = ofKind(collector, 'SERVER');
    expect(otherRequests).toEqual([]);
    expect(request).toMatchObject({
      name: 'POST /v1/track',
      traceId: TRACE,
      parentSpanId: SPAN,
      attributes: {
        'http.response.status_code': 200,
        'brazier.source': 'shop',
        'brazier.events.accepted': 1,
      },
      resource: { 'service.name': 'brazier' },
    });
    const [sent, ...otherSent] = ofKind(collector, 'CLIENT');
    expect(otherSent).toEqual([]);
    expect(sent).toMatchObject({
      name: 'POST /users/track',
      links: [linkTo(request!)],
      attributes: { 'http.response.status_code': 201, 'brazier.destination': 'braze', 'brazier.objects': 1 },
    });
    expect(collector.requests.every(({ headers }) => headers['x-collector-key'] === HEADER)).toBe(true);
  });

  it('is followed into another process that delivers it later, each try by itself', async () => {
    const { collector, braze, delivered, serve } = await rig();
    braze.sandbox.addFaults([{ match: { path: '/users/track' }, do: { status: 500, body: {} } }]);
    const first = await serve();
    await first.send('kim', SAMPLED);
    await vi.waitFor(() => expect(first.server.stderr()).toContain('it goes again'), PATIENT);
    await first.stop();
    braze.sandbox.clearFaults();
    const second = await serve();
    await delivered(1);
    await second.stop();

    const [request] = ofKind(collector, 'SERVER');
    const tries = ofKind(collector, 'CLIENT');
    for (const { links } of tries) expect(links).toEqual([linkTo(request!)]);
    const instances = new Set(tries.map(({ resource }) => resource['service.instance.id']));
    expect(instances.size).toBe(2);
    expect(tries[0]).toMatchObject({
      isError: true,
      attributes: { 'error.type': '500', 'brazier.outcome': 'retry', 'brazier.code': 'http_500' },
    });
    expect(tries.at(-1)).toMatchObject({ isError: false, attributes: { 'brazier.outcome': 'delivered' } });
  });

  it('whose sender names a trace that is none begins one, and so does one that names none', async () => {
    const { collector, delivered, serve } = await rig();
    const { send, stop } = await serve();
    await send('kim', `00-${TRACE}-${SPAN}`);
    await send('lee', `ff-${TRACE}-${SPAN}-01`);
    await send('max');
    await delivered(3);
    await stop();
    const requests = ofKind(collector, 'SERVER');
    expect(requests.map(({ parentSpanId }) => parentSpanId)).toEqual([undefined, undefined, undefined]);
    expect(new Set([...requests.map(({ traceId }) => traceId), TRACE]).size).toBe(4);
    const linked = ofKind(collector, 'CLIENT').flatMap(({ links }) => links);
    expect(linked).toHaveLength(3);
    expect(linked).toEqual(expect.arrayContaining(requests.map(linkTo)));
  });
});

describe('nothing is recorded', () => {
  it.each([
    { sampleRatio: 1, traceparent: UNSAMPLED },
    { sampleRatio: 0, traceparent: undefined },
  ])('of a request with $traceparent and the ratio $sampleRatio', async ({ sampleRatio, traceparent }) => {
    const { collector, delivered, serve } = await rig({ sampleRatio });
    const { send, stop } = await serve();
    await send('kim', traceparent);
    await delivered(1);
    // What a sender wants recorded is: the collector is heard of.
    await send('lee', `00-${'a'.repeat(32)}-${SPAN}-01`);
    await delivered(2);
    await stop();
    expect(collector.spans.map(({ kind }) => kind).sort()).toEqual(['CLIENT', 'SERVER']);
    expect(ofKind(collector, 'SERVER')[0]?.traceId).toBe('a'.repeat(32));
  });

  it.each([
    [{ endpoint: '' }, false],
    [{}, true],
  ])('and nothing of the SDK loaded where there is no endpoint (%j)', async (tracing, isLoaded) => {
    const { delivered, serve } = await rig(tracing);
    const told = `import { registerHooks } from 'node:module';
      registerHooks({ load(url, context, next) {
        if (url.includes('@opentelemetry/sdk-trace')) process.stderr.write('SDK loaded\\n');
        return next(url, context);
      } });`;
    const hook = `data:text/javascript,${encodeURIComponent(told)}`;
    const { server, send, stop } = await serve({ NODE_OPTIONS: `--import ${hook}` });
    await send('kim', SAMPLED);
    await delivered(1);
    await stop();
    expect(server.stderr().includes('SDK loaded')).toBe(isLoaded);
  });
});

describe('a collector that is away', () => {
  it('costs spans and one line in the log, no event and no time', async () => {
    const { collector, delivered, serve } = await rig();
    const { server, send, stop } = await serve();
    const port = Number(new URL(collector.url).port);
    await collector.close();
    for (let n = 0; n < 5; n += 1) await send(`kim-${n}`);
    await delivered(5);
    const lines = () =>
      server
        .stderr()
        .split('\n')
        .filter((line) => line.includes('spans_lost'));
    await vi.waitFor(() => expect(lines()).toHaveLength(1), PATIENT);
    expect(JSON.parse(lines()[0]!)).toMatchObject({ level: 'warn', reason: 'econnrefused' });

    const back = await startCollector(port);
    cleanups.push(() => back.close());
    await send('lee');
    const again = 'the collector takes spans again';
    await vi.waitFor(() => expect(server.stderr()).toContain(again), PATIENT);
    expect(ofKind(back, 'SERVER').length).toBeGreaterThan(0);
    expect(lines()).toHaveLength(1);
    await stop();
  });

  it.each(['gone', 'hang'] as const)('(%s) does not hold up a stop', async (how) => {
    const { collector, delivered, serve } = await rig();
    const { send, stop } = await serve();
    if (how === 'gone') await collector.close();
    else collector.answer = 'hang';
    await send('kim');
    await delivered(1);
    const startedAt = performance.now();
    await stop();
    expect(performance.now() - startedAt).toBeLessThan(STOPPED_WITHIN_MS);
  });
});

it('no key, person, address or content is in any span, whatever a sender does', async () => {
  const { collector, braze, delivered, serve } = await rig();
  const quoting = { message: `canary-reply-8d6 ${KEY}`, errors: ['canary-reply-8d6'] };
  braze.sandbox.addFaults([
    { match: { path: '/users/track' }, times: 1, do: { status: 503, body: quoting } },
  ]);
  const { server, send, stop } = await serve();
  const { http } = await server.ready;
  await send('canary-person-8d7', SAMPLED);
  await send('canary-person-8d7', SAMPLED, '/v1/track?key=canary-query-8d8');
  await delivered(2);
  const statuses = [
    await fetch(`${http}/v1/batch`, { method: 'POST', body: '{"canary-body-8d9":1}' }),
    await fetch(`${http}/v1/batch`, {
      method: 'POST',
      headers: {
        authorization: 'Basic canary-wrong-8da',
        'user-agent': 'canary-agent-8db',
        traceparent: SAMPLED,
      },
    }),
  ].map(({ status }) => status);
  expect(statuses).toEqual([401, 401]);
  await stop();

  const text = collector.bodies.join('\n');
  // Whoever has no key is not recorded.
  expect(
    ofKind(collector, 'SERVER').map(({ attributes }) => attributes['http.response.status_code']),
  ).toEqual([200, 200]);
  expect(ofKind(collector, 'CLIENT').length).toBeGreaterThanOrEqual(2);
  expect(text).not.toContain('canary');
  expect(text).not.toContain(Buffer.from(WRITE_KEY).toString('base64').slice(0, 12));
  expect(server.stderr()).not.toContain(HEADER);
});
