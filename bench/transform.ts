/**
 * The way of an event's text to the text of Braze bodies on one core, against parsing and stringifying it, in turns.
 *
 * `npm run bench -- transform [--rounds 15]`
 */

import { OBJECTS_PER_REQUEST } from '../src/braze/endpoints.ts';
import { bodyOf } from '../src/braze/requests.ts';
import { type Endpoint, endpointOf, type Operation } from '../src/model/operation.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import { type PlanOptions, planRecord } from '../src/pipeline/plan.ts';
import { createRouter } from '../src/pipeline/routing.ts';
import { createTransform } from '../transformers/transform.ts';
import { HEADERS, mixedEvents, smallEvents } from './support/event-texts.ts';
import { numbersOf } from './support/options.ts';
import { type Row, report } from './support/report.ts';
import { medianOf, spreadOf } from './support/statistics.ts';
import { ownCpuMicros } from './support/usage.ts';

const { rounds: ROUNDS } = numbersOf({ rounds: 15 });
const EVENTS = 2_000;
/** A round is long enough for the collector to take its share in each. */
const ROUND_MS = 250;

const EVERYTHING: DestinationSettings = {
  enableNestedArrayOperations: true,
  useEcommerceRecommendedEvents: true,
  sendPurchaseEventWithExtraProperties: true,
  orderProperties: ['order_id', 'coupon'],
  eventFilteringOption: 'blacklistedEvents',
  blacklistedEvents: [{ eventName: 'Heartbeat' }, { eventName: 'Debug' }],
  consentManagement: [
    { provider: 'custom', resolutionStrategy: 'and', consents: [{ consent: 'marketing' }] },
  ],
  mappings: {
    attributes: [
      { from: 'plan', to: 'subscription_plan', convert: ['trim', 'lower'] },
      { from: 'logins', convert: 'integer' },
      { from: 'address.postalCode', to: 'postal_code', convert: 'string' },
      { from: 'newsletter', drop: true },
    ],
    properties: [
      { from: 'campaign.id', to: 'campaign_id' },
      { from: 'score', convert: 'number' },
      { from: 'detail_1', drop: true },
    ],
    purchases: [{ from: 'brand', to: 'maker' }],
    ecommerce: [{ from: 'coupon', to: 'coupon_code' }],
    events: [
      { name: 'Form Sent', rename: 'Form Submitted' },
      { name: 'Heartbeat', drop: true },
    ],
  },
};

interface Case {
  readonly name: string;
  readonly goal?: number;
  readonly texts: readonly string[];
  readonly settings: DestinationSettings;
}

const mixed = mixedEvents(EVENTS);
const CASES: readonly Case[] = [
  { name: '2.4 KB, six types', texts: mixed, settings: {}, goal: 1.1 },
  { name: '1 KB, traits: two objects', texts: smallEvents(EVENTS, true), settings: {}, goal: 0.95 },
  { name: '1 KB, one object', texts: smallEvents(EVENTS, false), settings: {}, goal: 0.95 },
  // Last: what the compiler learns from its settings would slow the others down.
  { name: '2.4 KB, six types, everything on', texts: mixed, settings: EVERYTHING },
];

/** One pass over all events. The sum keeps the compiler from leaving the work out. */
type Pass = () => number;

function parseAndStringify(texts: readonly string[]): Pass {
  return () => {
    let characters = 0;
    for (const text of texts) characters += JSON.stringify(JSON.parse(text)).length;
    return characters;
  };
}

/** As the pipeline and the delivery do it: plan each record, join a body where the endpoint has enough objects. */
function transformAndJoin({ texts, settings }: Case): Pass {
  const options: PlanOptions = {
    destination: 'bench',
    wants: () => true,
    route: createRouter(settings),
    transform: createTransform(settings),
  };
  return () => {
    const held = new Map<Endpoint, Operation[]>();
    let characters = 0;
    for (const text of texts) {
      const plan = planRecord(text, { headers: HEADERS, corrupt: false }, options);
      if (plan.status !== 'operations') throw new Error(`${plan.code}: ${plan.message}`);
      for (const operation of plan.operations) characters += hold(held, operation);
    }
    for (const [endpoint, operations] of held) characters += bodyOf(endpoint, operations).length;
    return characters;
  };
}

function hold(held: Map<Endpoint, Operation[]>, operation: Operation): number {
  const endpoint = endpointOf(operation.kind);
  const operations = held.get(endpoint);
  if (!operations) held.set(endpoint, [operation]);
  else if (operations.push(operation) === OBJECTS_PER_REQUEST[endpoint]) {
    held.delete(endpoint);
    return bodyOf(endpoint, operations).length;
  }
  return 0;
}

/** Microseconds of CPU per pass: time that other processes took does not count. */
function microsOf(pass: Pass, passes: number): number {
  const before = ownCpuMicros();
  for (let count = 0; count < passes; count += 1) pass();
  return (ownCpuMicros() - before) / passes;
}

function measure(each: Case): Row {
  const [floor, ours] = [parseAndStringify(each.texts), transformAndJoin(each)];
  // The compiler's time and the first collections are nobody's.
  for (let count = 0; count < 20; count += 1) microsOf(floor, 1) + microsOf(ours, 1);
  const passes = Math.max(1, Math.round((ROUND_MS * 1000) / microsOf(floor, 5)));
  const begun = { ms: performance.now(), cpu: ownCpuMicros() };
  const rounds = Array.from({ length: ROUNDS }, () => {
    const floorMicros = microsOf(floor, passes);
    const oursMicros = microsOf(ours, passes);
    return { floorMicros, oursMicros, ratio: floorMicros / oursMicros };
  });
  const cores = (ownCpuMicros() - begun.cpu) / (performance.now() - begun.ms) / 1000;
  const oursMicros = medianOf(rounds.map((round) => round.oursMicros)) / EVENTS;
  const ratio = spreadOf(rounds.map((round) => round.ratio));
  return {
    what: each.name,
    figures: {
      'KB/event': bytesOf(each.texts) / EVENTS / 1000,
      'events/s': 1e6 / oursMicros,
      'CPU µs/event': oursMicros,
      'reference µs/event': medianOf(rounds.map((round) => round.floorMicros)) / EVENTS,
    },
    ratio,
    cores,
    ...(each.goal !== undefined && { goals: [{ of: 'ratio', value: ratio.median, atLeast: each.goal }] }),
    guard: ratio.median,
  };
}

function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

report({
  name: 'transform',
  setting: `an event's text to the text of Braze bodies; ${ROUNDS} rounds of ${ROUND_MS} ms`,
  reference: 'JSON.parse and JSON.stringify of the same texts; the ratio is by CPU',
  rows: CASES.map(measure),
});
