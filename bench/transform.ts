/** Measures the way of an event's text to the text of Braze bodies on one core, against parsing and stringifying it. */

import { OBJECTS_PER_REQUEST } from '../src/braze/endpoints.ts';
import { bodyOf } from '../src/braze/requests.ts';
import { type Endpoint, endpointOf, type Operation } from '../src/model/operation.ts';
import type { DestinationSettings } from '../src/model/settings.ts';
import { type PlanOptions, planRecord } from '../src/pipeline/plan.ts';
import { createRouter } from '../src/pipeline/routing.ts';
import { createTransform } from '../transformers/transform.ts';
import { HEADERS, mixedEvents, smallEvents } from './event-texts.ts';

const ROUNDS = Number(process.argv[2] ?? 15);
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
  readonly texts: readonly string[];
  readonly settings: DestinationSettings;
}

const mixed = mixedEvents(EVENTS);
const CASES: readonly Case[] = [
  { name: '2.4 KB, six types', texts: mixed, settings: {} },
  { name: '1 KB, traits: two objects', texts: smallEvents(EVENTS, true), settings: {} },
  { name: '1 KB, one object', texts: smallEvents(EVENTS, false), settings: {} },
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
  const before = process.cpuUsage();
  for (let count = 0; count < passes; count += 1) pass();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / passes;
}

function measure(each: Case) {
  const [floor, ours] = [parseAndStringify(each.texts), transformAndJoin(each)];
  // The compiler's time and the first collections are nobody's.
  for (let count = 0; count < 20; count += 1) microsOf(floor, 1) + microsOf(ours, 1);
  const passes = Math.max(1, Math.round((ROUND_MS * 1000) / microsOf(floor, 5)));
  const rounds = Array.from({ length: ROUNDS }, () => {
    const floorMicros = microsOf(floor, passes);
    const oursMicros = microsOf(ours, passes);
    return { floorMicros, oursMicros, ratio: floorMicros / oursMicros };
  });
  const ratios = sorted(rounds.map(({ ratio }) => ratio));
  const floorMicros = at(sorted(rounds.map((round) => round.floorMicros)), 0.5) / EVENTS;
  const oursMicros = at(sorted(rounds.map((round) => round.oursMicros)), 0.5) / EVENTS;
  return {
    'KB/event': Number((bytesOf(each.texts) / EVENTS / 1000).toFixed(2)),
    'events/s': Math.round(1e6 / oursMicros),
    'µs/event': Number(oursMicros.toFixed(2)),
    'reference µs/event': Number(floorMicros.toFixed(2)),
    ratio: Number(at(ratios, 0.5).toFixed(2)),
    'ratio, middle half of the rounds': `${at(ratios, 0.25).toFixed(2)} to ${at(ratios, 0.75).toFixed(2)}`,
  };
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

function at(numbers: readonly number[], share: number): number {
  return numbers[Math.round((numbers.length - 1) * share)] ?? Number.NaN;
}

function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

console.table(Object.fromEntries(CASES.map((each) => [each.name, measure(each)])));
