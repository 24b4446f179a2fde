import { afterEach, describe, expect, it } from 'vitest';
import { type BrazeCalls, type BrazeReply, startBrazeCalls } from '../../support/braze-calls.ts';

let braze: BrazeCalls;
afterEach(() => braze.close());

const AT = '2026-11-22T12:00:00.000Z';
const now = () => Date.parse(AT);
const field = (name: string, type: string) => ({ name, type });
const ID = field('id', 'string');
const FIELDS = [ID, field('name', 'string'), field('price', 'number'), field('tags', 'array')];
const MORE = [field('isNew', 'boolean'), field('since', 'time'), field('size', 'object')];
const item = (id: unknown, more: object = {}) => ({ id, name: 'n', price: 1, tags: [], ...more });
const create = (more: object = {}) =>
  braze.call('POST /catalogs', { catalogs: [{ name: 'shop', description: 'd', fields: FIELDS, ...more }] });
const list = async () => (await braze.call('GET /catalogs/shop/items')).body.items;

/** Status and the id of the error. */
function faultOf({ status, body }: BrazeReply) {
  const [error] = (body.errors ?? []) as { id: string; parameters: string[]; parameter_values: unknown[] }[];
  return [status, error?.id];
}

describe('/catalogs', () => {
  it('rule 48: creates, lists and deletes', async () => {
    braze = await startBrazeCalls({ now });
    const shown = { name: 'shop', description: 'd', fields: FIELDS, num_items: 0, updated_at: AT };
    const reply = { catalogs: [shown], message: 'success' };
    expect(await create()).toMatchObject({ status: 201, body: reply });
    expect(await braze.call('GET /catalogs')).toMatchObject({ status: 200, body: reply });
    expect(await braze.call('DELETE /catalogs/shop')).toMatchObject({ status: 200 });
    expect((await braze.call('GET /catalogs')).body).toEqual({ catalogs: [], message: 'success' });
    expect(faultOf(await braze.call('DELETE /catalogs/shop'))).toEqual([404, 'catalog-not-found']);
  });

  it('rule 48: refuses with an id, a message and what it is about', async () => {
    braze = await startBrazeCalls();
    await create();
    expect(await create()).toMatchObject({
      status: 400,
      body: {
        errors: [
          {
            id: 'catalog-name-already-exists',
            message: 'A catalog with that name already exists',
            parameters: ['name'],
            parameter_values: ['shop'],
          },
        ],
        message: 'Invalid Request',
      },
    });
  });

  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => (index === 0 ? ID : field(`f${index}`, 'string')));

  it('rule 48: takes 500 fields, a name of 250 characters and a description of 250', async () => {
    braze = await startBrazeCalls();
    const name = 'n'.repeat(250);
    const fields = [...many(499), field(name, 'number')];
    expect((await create({ name, description: name, fields })).status).toBe(201);
  });

  it.each<[string, object]>([
    ['invalid_catalog_name', { name: 'my shop' }],
    ['invalid_catalog_name', { name: '' }],
    ['catalog-name-too-large', { name: 'n'.repeat(251) }],
    ['description-too-long', { description: 'd'.repeat(251) }],
    ['invalid-fields', { fields: 'id' }],
    ['invalid-fields', { fields: [] }],
    ['invalid-fields', { fields: [ID, { name: 'x' }] }],
    ['too-many-fields', { fields: many(501) }],
    ['id-not-first-column', { fields: [field('name', 'string'), ID] }],
    ['id-not-first-column', { fields: [field('id', 'number')] }],
    ['invalid-field-names', { fields: [ID, field('a b', 'string')] }],
    ['invalid-field-types', { fields: [ID, field('a', 'text')] }],
    ['field-names-too-large', { fields: [ID, field('a'.repeat(251), 'string')] }],
    ['field-names-not-unique', { fields: [ID, field('a', 'string'), field('a', 'number')] }],
  ])('rule 48: answers %s', async (id, more) => {
    braze = await startBrazeCalls();
    expect(faultOf(await create(more))).toEqual([400, id]);
    expect((await braze.call('GET /catalogs')).body.catalogs).toEqual([]);
  });

  it('rule 48: wants an array of one catalog', async () => {
    braze = await startBrazeCalls();
    const sent = async (catalogs: unknown) => faultOf(await braze.call('POST /catalogs', { catalogs }));
    expect(await sent([])).toEqual([400, 'catalog-array-invalid']);
    expect(await sent('shop')).toEqual([400, 'catalog-array-invalid']);
    expect(await sent([{ name: 'a' }, { name: 'b' }])).toEqual([400, 'too-many-catalog-atoms']);
  });
});

describe('/catalogs/{name}/items', () => {
  const bulk = (method: string, ...items: unknown[]) =>
    braze.call(`${method} /catalogs/shop/items`, { items });

  it('rule 48: takes items with 202 and applies them later', async () => {
    braze = await startBrazeCalls({ applyDelayMs: 60_000 });
    await create();
    expect(await bulk('POST', item('a'))).toMatchObject({ status: 202, body: { message: 'success' } });
    expect(await list()).toEqual([]);
    braze.sandbox.flush();
    expect(await list()).toEqual([item('a')]);
  });

  it('rule 48: creates new ones, replaces any, edits and deletes those that are there', async () => {
    braze = await startBrazeCalls();
    await create();
    await bulk('POST', item('a', { tags: ['x', 'y'] }), item('b'));
    await bulk('POST', item('a', { price: 9 }), item('c'));
    await bulk('PUT', { id: 'b', name: 'whole' }, { id: 'd', price: 4 });
    await bulk('PATCH', { id: 'a', name: 'edited', tags: { $add: ['z'], $remove: ['x'] } }, { id: 'nobody' });
    await bulk('DELETE', { id: 'c' }, { id: 'nobody' });
    expect(await list()).toEqual([
      item('a', { name: 'edited', tags: ['y', 'z'] }),
      { id: 'b', name: 'whole' },
      { id: 'd', price: 4 },
    ]);
  });

  it('rule 48: lists 50 items on a page and leads to the next', async () => {
    braze = await startBrazeCalls();
    await create();
    const numbered = (start: number, count: number) =>
      Array.from({ length: count }, (_, index) => item(`i${start + index}`));
    expect((await bulk('POST', ...numbered(0, 50))).status).toBe(202);
    expect((await braze.call('GET /catalogs/shop/items')).headers.get('link')).toBeNull();
    await bulk('POST', ...numbered(50, 3));
    const first = await braze.call('GET /catalogs/shop/items');
    expect(first.body.items).toEqual(numbered(0, 50));
    const next = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1];
    const last = await braze.call(`GET ${next}`);
    expect([last.body.items, last.headers.get('link')]).toEqual([numbered(50, 3), null]);
    expect(first.headers.get('x-ratelimit-limit')).toBe('50');
  });

  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });

  it.each<[string, string, unknown[]]>([
    ['item-array-invalid', 'POST', []],
    ['item-array-invalid', 'POST', ['x']],
    ['request-includes-too-many-items', 'POST', Array.from({ length: 51 }, (_, index) => item(`${index}`))],
    ['items-missing-ids', 'POST', [item(undefined)]],
    ['ids-not-strings', 'DELETE', [{ id: 7 }]],
    ['ids-too-large', 'DELETE', [{ id: 'i'.repeat(251) }]],
    ['invalid-ids', 'POST', [item('a b')]],
    ['ids-not-unique', 'PATCH', [{ id: 'a' }, { id: 'a' }]],
    ['invalid-fields', 'PATCH', [{ id: 'a', nope: 1 }]],
    ['fields-do-not-match', 'POST', [{ id: 'a', name: 'n' }]],
    ['items-too-large', 'PUT', [{ id: 'a', name: 'n'.repeat(5001) }]],
    ['too-deep-nesting-in-value-object', 'PUT', [{ id: 'a', size: deep(51) }]],
    ['invalid-keys-in-value-object', 'PUT', [{ id: 'a', size: { b: [{ 'c.d': 1 }] } }]],
    ['invalid-keys-in-value-object', 'PUT', [{ id: 'a', tags: { $add: ['x'] } }]],
    ['invalid-keys-in-value-object', 'PATCH', [{ id: 'a', size: { $add: ['x'] } }]],
    ['unable-to-coerce-value', 'PATCH', [{ id: 'a', price: 'dear' }]],
    ['unable-to-coerce-value', 'PATCH', [{ id: 'a', name: {} }]],
    ['unable-to-coerce-value', 'PATCH', [{ id: 'a', isNew: 'perhaps' }]],
    ['unable-to-coerce-value', 'PATCH', [{ id: 'a', since: 'yesterday' }]],
    ['unable-to-coerce-value', 'PATCH', [{ id: 'a', tags: 'x' }]],
    ['unable-to-coerce-value', 'PATCH', [{ id: 'a', size: [] }]],
  ])('rule 48: answers %s to %s', async (id, method, items) => {
    braze = await startBrazeCalls();
    await create({ fields: [...FIELDS, ...MORE] });
    await bulk('PUT', { id: 'a' });
    expect(faultOf(await bulk(method, ...items))).toEqual([400, id]);
    expect(await list()).toEqual([{ id: 'a' }]);
  });

  it('rule 48: takes values at the limits and what can be made the type of its field', async () => {
    braze = await startBrazeCalls();
    await create({ fields: [...FIELDS, ...MORE] });
    const whole = { id: 'i'.repeat(250), name: 'n'.repeat(5000), price: '1.5', isNew: 'true', since: AT };
    expect(
      (await bulk('PUT', { ...whole, size: deep(50), tags: ['x'] }, { id: 'b', name: 7, price: null }))
        .status,
    ).toBe(202);
  });

  it('rule 48: answers 404 for a catalog that is not there', async () => {
    braze = await startBrazeCalls();
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const body = method === 'GET' ? undefined : { items: [item('a')] };
      for (const path of ['/catalogs/shop/items', '/catalogs/shop/items/a']) {
        expect(faultOf(await braze.call(`${method} ${path}`, body))).toEqual([404, 'catalog-not-found']);
      }
    }
  });
});

describe('/catalogs/{name}/items/{id}', () => {
  const single = (method: string, id: string, ...items: unknown[]) =>
    braze.call(`${method} /catalogs/shop/items/${id}`, items.length > 0 ? { items } : undefined);
  const { id: _id, ...values } = item('a');

  it('rule 48: creates, reads, edits, replaces and deletes before it answers', async () => {
    braze = await startBrazeCalls({ applyDelayMs: 60_000 });
    await create();
    expect((await single('POST', 'a', values)).status).toBe(201);
    expect((await single('PATCH', 'a', { price: 2, tags: { $add: ['x'] } })).status).toBe(200);
    expect((await single('GET', 'a')).body).toEqual({
      items: [item('a', { price: 2, tags: ['x'] })],
      message: 'success',
    });
    expect((await single('PUT', 'a', { name: 'whole' })).status).toBe(200);
    expect((await single('PUT', 'b', { name: 'new' })).status).toBe(200);
    expect(await list()).toEqual([
      { id: 'a', name: 'whole' },
      { id: 'b', name: 'new' },
    ]);
    expect((await single('DELETE', 'a')).status).toBe(200);
    expect(faultOf(await single('GET', 'a'))).toEqual([404, 'item-not-found']);
  });

  it.each<[number, string, string, unknown[]]>([
    [400, 'item-already-exists', 'POST a', [values]],
    [400, 'id-in-body', 'PATCH a', [{ id: 'a' }]],
    [400, 'request-includes-too-many-items', 'PUT a', [{}, {}]],
    [400, 'fields-do-not-match', 'POST b', [{ name: 'n' }]],
    [400, 'invalid-ids', 'POST a%20b', [values]],
    [404, 'item-not-found', 'PATCH b', [{ name: 'n' }]],
    [404, 'item-not-found', 'DELETE b', []],
    [404, 'item-not-found', 'GET b', []],
  ])('rule 48: answers %i %s to %s', async (status, id, what, items) => {
    const [method = '', itemId = ''] = what.split(' ');
    braze = await startBrazeCalls();
    await create();
    await single('POST', 'a', values);
    expect(faultOf(await single(method, itemId, ...items))).toEqual([status, id]);
    expect(await list()).toEqual([item('a')]);
  });
});
