import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OBJECTS_PER_REQUEST, REQUEST_BYTES } from '../../src/braze/endpoints.ts';
import { bodyBytesOf, bodyOf, mayFollow, type Packing, packEvent } from '../../src/braze/requests.ts';
import { endpointOf, type Operation, type OperationKind } from '../../src/model/operation.ts';

const KINDS: readonly OperationKind[] = [
  'attributes',
  'event',
  'purchase',
  'identify',
  'alias',
  'merge',
  'subscription',
];

/** Any text that JSON can hold, some of it large, so that bytes run out before objects do. */
const text = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constant('ß'.repeat(45_000)) },
);
const operations = fc
  .array(fc.tuple(fc.constantFrom(...KINDS), text, fc.integer({ min: 1, max: 90 })), { maxLength: 20 })
  .map((runs) =>
    runs.flatMap(([kind, value, count]) => Array.from({ length: count }, () => ({ kind, value }))),
  )
  .map((all) => all.map(({ kind, value }, index) => operationOf(kind, value, index)));
const packing = fc.constantFrom<Packing>('combined', 'perArray');

function operationOf(kind: OperationKind, value: string, index: number): Operation {
  const json = JSON.stringify({ index, value });
  return {
    kind,
    keys: ['external_id:kim'],
    text: json,
    bytes: Buffer.byteLength(json),
    part: `${kind}:${index}`,
  };
}

/** The objects of a body, array by array, by their index in the order given. */
const sent = (body: string) =>
  Object.values(JSON.parse(body) as Record<string, unknown>)
    .filter((array) => Array.isArray(array))
    .map((array) => array.map(({ index }: { index: number }) => index) as number[]);

describe('packing an event', () => {
  it('every object goes once, as it is, in bodies that parse', () => {
    fc.assert(
      fc.property(operations, packing, (all, how) => {
        const bodies = packEvent(all, how).map(({ body }) => JSON.parse(body) as Record<string, unknown>);
        const objects = bodies.flatMap((body) => Object.values(body).filter(Array.isArray).flat());
        const byIndex = objects.toSorted((a, b) => a.index - b.index);
        expect(byIndex).toEqual(all.map((each) => JSON.parse(each.text)));
      }),
    );
  });

  it('keeps Braze’s limits of objects and bytes', () => {
    fc.assert(
      fc.property(operations, packing, (all, how) => {
        for (const { path, body } of packEvent(all, how)) {
          const sizes = sent(body).map(({ length }) => length);
          const limit = OBJECTS_PER_REQUEST[path];
          if (how === 'combined')
            expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(limit);
          else expect(Math.max(...sizes)).toBeLessThanOrEqual(limit);
          expect(Buffer.byteLength(body)).toBeLessThanOrEqual(REQUEST_BYTES);
        }
      }),
    );
  });

  it('Braze applies the objects in the order given', () => {
    fc.assert(
      fc.property(operations, packing, (all, how) => {
        // Arrays stand in the order in which Braze processes them.
        const applied = packEvent(all, how).flatMap(({ body }) => sent(body).flat());
        expect(applied).toEqual(applied.toSorted((a, b) => a - b));
      }),
    );
  });

  it('begins a new request only where it must', () => {
    fc.assert(
      fc.property(operations, packing, (all, how) => {
        const requests = packEvent(all, how);
        for (const [index, { path, body }] of requests.slice(1).entries()) {
          const before = requests[index];
          const next = all[Math.min(...sent(body).flat())];
          const last = all[Math.max(...sent(before?.body ?? '{}').flat())];
          if (!before || !next || !last || before.path !== path || !mayFollow(last, next)) continue;
          const same = sent(before.body)
            .flat()
            .filter((each) => how === 'combined' || all[each]?.kind === next.kind);
          const bytes = Buffer.byteLength(before.body) + next.bytes;
          expect(same.length >= OBJECTS_PER_REQUEST[path] || bytes > REQUEST_BYTES - 1024).toBe(true);
          expect(endpointOf(next.kind)).toBe(path);
        }
      }),
    );
  });

  it('the bytes of a body are those of its text', () => {
    fc.assert(
      fc.property(operations, (all) => {
        for (const [endpoint, some] of Map.groupBy(all, ({ kind }) => endpointOf(kind))) {
          expect(bodyBytesOf(endpoint, some).equals(Buffer.from(bodyOf(endpoint, some)))).toBe(true);
        }
      }),
    );
  });
});
