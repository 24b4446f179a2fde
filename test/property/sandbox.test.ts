import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Identity } from '../../src/sandbox/identity.ts';
import type { Json, JsonObject } from '../../src/sandbox/json.ts';
import { createProfiles } from '../../src/sandbox/profiles.ts';
import type { SandboxUser } from '../../src/sandbox/server.ts';
import { judgeTrack } from '../../src/sandbox/track-rules.ts';
import type { Change } from '../../src/sandbox/verdict.ts';
import { ASSUMPTIONS, type Assumptions, createWorkspace } from '../../src/sandbox/workspace.ts';

const externalId = fc.constantFrom('u1', 'u2', 'u3');
const alias = fc.record({ label: fc.constantFrom('anon', 'other'), name: fc.constantFrom('a1', 'a2', 'a3') });
const identity: fc.Arbitrary<Identity> = fc.oneof(
  externalId.map((id) => ({ by: 'external_id' as const, id })),
  alias.map((each) => ({ by: 'alias' as const, alias: each })),
  fc.constantFrom('x@b.co', 'y@b.co').map((address) => ({ by: 'email' as const, address })),
);
const data: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: identity.map((who) => ({ kind: 'events' as const, who, updateOnly: false, object: {} })),
  },
  fc.record({
    kind: fc.constant('attributes' as const),
    who: identity,
    updateOnly: fc.constant(false),
    object: fc.record({ email: fc.constantFrom<Json>('x@b.co', 'y@b.co', null) }),
  }),
);
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: data },
  fc.record({ kind: fc.constant('identify' as const), externalId, alias }),
  fc.record({
    kind: fc.constant('alias' as const),
    externalId: fc.option(externalId, { nil: undefined }),
    alias,
  }),
  fc.record({ kind: fc.constant('merge' as const), from: identity, into: identity }),
);

/** Every event is numbered in the order sent. */
function applied(changes: readonly Change[]): SandboxUser[] {
  const profiles = createProfiles();
  for (const [sequence, each] of changes.entries()) {
    profiles.apply(each.kind === 'events' ? { ...each, object: { sequence } } : each);
  }
  return profiles.users();
}

it('loses and doubles no event, whatever is identified and merged', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const kept = applied(changes).flatMap((user) => user.events.map((event) => Number(event.sequence)));
      const sent = changes.flatMap((each, sequence) => (each.kind === 'events' ? [sequence] : []));
      expect(kept.toSorted((a, b) => a - b)).toEqual(sent);
    }),
    { seed: 1, numRuns: 500 },
  );
});

it('never has an external id or an alias twice, nor two aliases of one label on a user', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const users = applied(changes);
      const ids = users.flatMap((user) => user.external_id ?? []);
      const aliases = users.flatMap((user) => user.user_aliases.map((each) => Object.values(each).join()));
      expect(new Set(ids).size).toBe(ids.length);
      expect(new Set(aliases).size).toBe(aliases.length);
      for (const { user_aliases: own } of users) {
        expect(new Set(own.map((each) => each.alias_label)).size).toBe(own.length);
      }
    }),
    { seed: 2, numRuns: 500 },
  );
});

it('keeps the order of every user as long as nobody is linked', () => {
  fc.assert(
    fc.property(fc.array(data, { maxLength: 60 }), (changes) => {
      for (const { events } of applied(changes)) {
        const order = events.map((event) => Number(event.sequence));
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }
    }),
    { seed: 3, numRuns: 300 },
  );
});

const workspace = fc.record({
  blockedExternalIds: fc.constantFrom([], ['u1']),
  blockedNames: fc.constantFrom([], ['ecommerce.order_placed']),
  purchases: fc.boolean(),
  appIds: fc.constantFrom(undefined, ['app']),
  errorTexts: fc.constantFrom('sentences' as const, 'names' as const),
  strictPurchaseSize: fc.boolean(),
  assume: fc.record(
    mapValues(ASSUMPTIONS, (values) => fc.constantFrom(...values)) as never,
  ) as fc.Arbitrary<Assumptions>,
});

function mapValues<T>(object: Record<string, readonly string[]>, change: (values: readonly string[]) => T) {
  return Object.fromEntries(Object.entries(object).map(([name, values]) => [name, change(values)]));
}

it('accounts for every object of a track request once: queued, or named in the errors, whatever is set and sent', () => {
  const object = fc.dictionary(
    fc.constantFrom(
      ...['external_id', 'user_alias', 'email', 'push_token_import', 'push_tokens', 'subscription_groups'],
      ...['name', 'time', 'properties', 'price', 'product_id', 'currency', 'quantity', 'app_id'],
      ...['current_location', '__proto__', 'constructor'],
    ),
    fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('u1', 'a@b.co', '2026-01-01T00:00:00Z', 'EUR', 'ecommerce.order_placed', true, 1),
      fc.dictionary(
        fc.constantFrom('products', 'source', '$x', 'discounts', '__proto__'),
        fc.jsonValue({ maxDepth: 1 }),
      ),
    ),
  );
  const list = fc.array(object as fc.Arbitrary<JsonObject>, { maxLength: 4 });
  const body = fc.record({ attributes: list, events: list, purchases: list });
  fc.assert(
    fc.property(body, workspace, (sent, options) => {
      const total = sent.attributes.length + sent.events.length + sent.purchases.length;
      const context = { nowMs: 0, bodyBytes: 1e9, workspace: createWorkspace(options) };
      const { reply, changes } = judgeTrack(JSON.parse(JSON.stringify(sent)), context, 'combined');
      const { errors = [], message: _, ...processed } = JSON.parse(reply.body);
      const counted = Object.values<number>(processed).reduce((sum, count) => sum + count, 0);
      const places = new Set(errors.map((error: JsonObject) => `${error.input_array} ${error.index}`));
      expect(reply.status).toBe(changes.length > 0 ? 201 : 400);
      expect([counted, places.size + counted]).toEqual([changes.length, total]);
      const profiles = createProfiles(context.workspace);
      for (const each of changes) profiles.apply(each);
      expect(profiles.users().length).toBeLessThanOrEqual(changes.length * 10);
    }),
    { seed: 4, numRuns: 300 },
  );
});
