/** Whatever the transformers make of an event, Braze takes: the sandbox finds nothing to refuse in it. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type PackedRequest, packEvent } from '../../src/braze/requests.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { normalise } from '../../src/model/normalise.ts';
import type { Operation, OperationKind } from '../../src/model/operation.ts';
import type { Warning } from '../../src/model/outcome.ts';
import type { DestinationSettings } from '../../src/model/settings.ts';
import { planEvent } from '../../src/pipeline/plan.ts';
import type { SandboxOptions } from '../../src/sandbox/server.ts';
import { createTransform } from '../../transformers/transform.ts';
import { hostileEvent } from '../support/hostile-events.ts';
import { RECOMMENDED_EVENTS } from '../support/hostile-orders.ts';
import { anySettings } from '../support/hostile-settings.ts';
import { type RunningSandbox, startSandbox } from '../support/sandbox.ts';

const HEADERS = { source: 's', receivedAt: '2026-05-01T12:00:00.000Z' };
const EVENTS_PER_BATCH = 40;

interface Sent {
  readonly event: JsonObject;
  readonly settings: DestinationSettings;
}

interface Made {
  readonly type: string;
  readonly operations: readonly Operation[];
  readonly warnings: readonly Warning[];
}

const batch: fc.Arbitrary<Sent[]> = fc.array(fc.record({ event: hostileEvent, settings: anySettings }), {
  minLength: 1,
  maxLength: EVENTS_PER_BATCH,
  size: 'max',
});

/** Braze's own names, under which the sender's own words go out as far as Braze's docs allow them. */
function isUnderOwnName({ event, settings }: Sent): boolean {
  return [event, settings.mappings?.events].some((part) => JSON.stringify(part)?.includes('"ecommerce.'));
}

function isLongNameTold({ warnings }: Made): boolean {
  return warnings.some(({ code, path }) => code === 'name_too_long' && (path === 'event' || path === 'name'));
}

/** As the pipeline does it: an object over Braze's size is a rejection. */
function make({ event: raw, settings }: Sent): Made {
  const { event, warnings } = normalise(raw, HEADERS);
  const route = () => ({ status: 'wanted', warnings: [] }) as const;
  const plan = planEvent(event, warnings, { route, transform: createTransform(settings) });
  if (plan.status === 'operations') return { type: event.type, ...plan };
  if (plan.status === 'rejected') expect(plan.code, plan.message).not.toBe('transform_failed');
  return { type: event.type, operations: [], warnings: [] };
}

/** In the order of Braze's arrays, so that one track request holds the objects of many people. */
const KINDS: readonly OperationKind[] = [
  'attributes',
  'event',
  'purchase',
  'identify',
  'alias',
  'merge',
  'subscription',
];

function packed(made: readonly Made[]): PackedRequest[] {
  const operations = made.flatMap((each) => each.operations);
  return packEvent(
    operations.toSorted((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)),
    'combined',
  );
}

async function expectAccepted(url: string, { path, body }: PackedRequest): Promise<void> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
    body,
  });
  const reply = (await response.json()) as {
    message: string;
    errors?: { input_array: string; index: number }[];
  };
  const refused = reply.errors?.map((error) => [error, JSON.parse(body)[error.input_array]?.[error.index]]);
  expect(refused, path).toBeUndefined();
  expect({ status: response.status, message: reply.message }, body.slice(0, 2_000)).toEqual({
    status: path === '/users/merge' ? 202 : 201,
    message: 'success',
  });
  const counts = Object.entries(reply).filter(([name]) => name.endsWith('_processed'));
  const sent = Object.values(JSON.parse(body)).filter(Array.isArray);
  if (counts.length > 0) expect(counts.map(([, count]) => count)).toEqual(sent.map((list) => list.length));
}

type Tally = Map<string, number>;

function tally(made: readonly Made[], counts: Tally): void {
  const add = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const { type, operations } of made) {
    if (operations.length > 0) add(`type ${type}`);
    for (const { kind, text } of operations) {
      add(kind);
      const { name } = JSON.parse(text) as { name?: unknown };
      if (kind === 'event' && RECOMMENDED_EVENTS.includes(String(name))) add(String(name));
    }
  }
}

/** What the generators must go on producing, or the properties prove nothing. */
const EXPECTED = [
  ...KINDS,
  ...RECOMMENDED_EVENTS,
  ...['identify', 'track', 'page', 'screen', 'group', 'alias'].map((type) => `type ${type}`),
];

interface Trial {
  readonly url: string;
  readonly numRuns: number;
  readonly seed: number;
  readonly judges: (made: Made, sent: Sent) => boolean;
}

/** How often what was made and accepted. */
async function expectAllAccepted({ url, judges, ...runs }: Trial): Promise<Tally> {
  const counts: Tally = new Map();
  await fc.assert(
    fc.asyncProperty(batch, async (sent) => {
      const made = sent.flatMap((each) => [make(each)].filter((result) => judges(result, each)));
      for (const request of packed(made)) await expectAccepted(url, request);
      tally(made, counts);
    }),
    runs,
  );
  return counts;
}

describe('what the transformers make', () => {
  const running: RunningSandbox[] = [];
  const start = async (options: SandboxOptions = {}) => {
    const sandbox = await startSandbox(options);
    running.push(sandbox);
    return sandbox.url;
  };
  afterAll(() => Promise.all(running.map((sandbox) => sandbox.close())));

  it('is accepted by Braze, object for object', { timeout: 180_000 }, async () => {
    const url = await start();
    const counts = await expectAllAccepted({ url, numRuns: 90, seed: 21, judges: () => true });
    for (const what of EXPECTED) expect(counts.get(what) ?? 0, what).toBeGreaterThan(8);
  });

  it('is accepted by the strictest reading of Braze, but for long event names, which a warning tells', {
    timeout: 180_000,
  }, async () => {
    const url = await start({
      errorTexts: 'names',
      assume: {
        contentTypes: 'json',
        longEventNames: 'refused',
        lowerCaseCurrencies: 'refused',
        unknownEcommerceEvents: 'refused',
        ecommerceSource: 'platform',
      },
    });
    const judges = (made: Made, sent: Sent) => !isUnderOwnName(sent) && !isLongNameTold(made);
    const counts = await expectAllAccepted({ url, numRuns: 60, seed: 22, judges });
    for (const what of EXPECTED) expect(counts.get(what) ?? 0, what).toBeGreaterThan(3);
  });
});
