import { describe, expect, it } from 'vitest';
import { createAttributeMemory } from '../../../src/memory/attributes.ts';
import { createLinkMemory } from '../../../src/memory/links.ts';
import { createMemory, type Memory } from '../../../src/memory/memory.ts';
import type { Operation, OperationKind } from '../../../src/model/operation.ts';
import { DELIVERED, rejected } from '../../../src/model/outcome.ts';

const REFUSED = rejected('refused', 'braze_refused', 'no');

function make(kind: OperationKind, keys: string[], object: object): Operation {
  const text = JSON.stringify(object);
  return { kind, keys, text, bytes: Buffer.byteLength(text), part: `${kind}:0` };
}

const alias = (name: string) => ({ alias_name: name, alias_label: 'rudder_id' });
const link = (user: string, name: string) =>
  make('identify', [`external_id:${user}`, `alias:rudder_id:${name}`], {
    external_id: user,
    user_alias: alias(name),
  });
const newAlias = (user: string, name: string) =>
  make('alias', [`external_id:${user}`, `alias:rudder_id:${name}`], { external_id: user, ...alias(name) });
const visit = (name: string) => make('event', [`alias:rudder_id:${name}`], { user_alias: alias(name) });
const attributes = (object: object, user = 'kim') =>
  make('attributes', [`external_id:${user}`], { external_id: user, ...object });

function memoryOf(linkCall: 'identify' | 'auto', dedup?: { ttlMs?: number; epochMs?: () => number }): Memory {
  const options = { maxPersons: 100, ttlMs: 1000, epochMs: () => 0, seed: 1 };
  return createMemory({
    links: createLinkMemory({ linkCall }),
    ...(dedup ? { attributes: createAttributeMemory({ ...options, ...dedup }) } : {}),
    onClose: () => undefined,
  });
}

/** Plans one event and ends all of it. */
function through(
  memory: Memory,
  operations: readonly Operation[],
  outcome: typeof DELIVERED | typeof REFUSED = DELIVERED,
  isReplay = false,
) {
  const recalled = memory.recall(operations, isReplay);
  for (const operation of recalled.operations) memory.settled(operation, outcome);
  return recalled;
}

const kinds = ({ operations }: { operations: readonly Operation[] }) => operations.map(({ kind }) => kind);

function twoDevices(linkCall: 'identify' | 'auto'): Memory {
  const memory = memoryOf(linkCall);
  for (const each of [visit('phone'), link('kim', 'phone'), visit('laptop')]) through(memory, [each]);
  return memory;
}

describe('links', () => {
  it('auto makes a merge of the second, under the same part and keys', () => {
    const planned = twoDevices('auto').recall([link('kim', 'laptop')], false);
    expect(planned.operations).toMatchObject([
      { ...link('kim', 'laptop'), kind: 'merge', text: expect.any(String), bytes: expect.any(Number) },
    ]);
    expect(JSON.parse(planned.operations[0]!.text)).toEqual({
      identifier_to_merge: { user_alias: alias('laptop') },
      identifier_to_keep: { external_id: 'kim' },
    });
  });

  it('identify sends it as it is, warns each time, and names the setting', () => {
    const memory = twoDevices('identify');
    for (let time = 0; time < 2; time += 1) {
      const { operations, warnings } = through(memory, [link('kim', 'laptop')]);
      expect(operations).toEqual([link('kim', 'laptop')]);
      expect(warnings).toMatchObject([
        { code: 'link_without_effect', message: expect.stringContaining('linkCall: auto') },
      ]);
    }
  });

  it('a pair that Braze accepted is left out until data under the alias, and in a replay never', () => {
    const memory = twoDevices('auto');
    const again = () => through(memory, [link('kim', 'phone')]);
    expect(again().outcome).toMatchObject({ status: 'filtered', code: 'already_linked' });
    expect(kinds(through(memory, [link('kim', 'phone')], DELIVERED, true))).toEqual(['identify']);
    expect(kinds(through(memory, [link('kim', 'phone'), attributes({ a: 1 })]))).toEqual(['attributes']);
    through(memory, [visit('phone')]);
    expect(kinds(again())).toEqual(['identify']);
    expect(again().outcome?.code).toBe('already_linked');
  });

  it('is not left out because of one that is under way, nor of one that was refused', () => {
    const memory = memoryOf('auto');
    const first = memory.recall([link('kim', 'phone')], false);
    expect(kinds(memory.recall([link('kim', 'phone')], false))).toEqual(['identify']);
    memory.settled(first.operations[0]!, REFUSED);
    expect(kinds(through(memory, [link('kim', 'phone')]))).toEqual(['identify']);
    memory.recall([link('kim', 'phone')], true);
    expect(kinds(memory.recall([link('kim', 'phone')], false))).toEqual(['identify']);
  });

  it('never merges an alias that another user was linked with', () => {
    const memory = twoDevices('auto');
    for (const each of [visit('tablet'), link('lee', 'tablet'), visit('tablet')]) through(memory, [each]);
    const { operations, warnings } = through(memory, [link('kim', 'tablet')]);
    expect([kinds({ operations }), warnings.map(({ code }) => code)]).toEqual([
      ['identify'],
      ['link_of_shared_alias'],
    ]);
  });

  it('an alias call is a link too: left out whole, or one merge', () => {
    const memory = twoDevices('auto');
    const call = (name: string) => through(memory, [newAlias('kim', name), link('kim', name)]);
    expect(call('phone').outcome?.code).toBe('already_linked');
    expect(kinds(call('laptop'))).toEqual(['merge']);
  });

  it('forgets a user who was merged into another', () => {
    const memory = twoDevices('auto');
    const merge = { identifier_to_merge: { external_id: 'kim' }, identifier_to_keep: { external_id: 'lee' } };
    through(memory, [make('merge', ['external_id:kim', 'external_id:lee'], merge)]);
    expect(kinds(through(memory, [link('kim', 'phone')]))).toEqual(['identify']);
  });
});

describe('attributes', () => {
  it('of one person are remembered up to a number, the latest of them', () => {
    const memory = memoryOf('auto', {});
    through(memory, [attributes({ first: 1 })]);
    for (let at = 0; at < 300; at += 1) through(memory, [attributes({ [`day ${at}`]: at })]);
    expect(through(memory, [attributes({ 'day 299': 299 })]).outcome?.code).toBe('unchanged_attributes');
    expect(through(memory, [attributes({ first: 1 })]).outcome).toBeUndefined();
  });

  const sent = (memory: Memory, object: object, outcome: typeof DELIVERED | typeof REFUSED = DELIVERED) => {
    const [operation] = through(memory, [attributes(object)], outcome).operations;
    return operation && JSON.parse(operation.text);
  };

  it.each<[string, object, object, object | undefined]>([
    ['the same', { a: 1, b: 'x' }, { a: 1, b: 'x' }, undefined],
    ['one changed', { a: 1, b: 'x' }, { a: 1, b: 'y' }, { b: 'y' }],
    ['null is a value', { a: null }, { a: null }, undefined],
    ['a number is no text', { a: 1 }, { a: '1' }, { a: '1' }],
    ['a plain object', { a: { b: 1 } }, { a: { b: 1 } }, undefined],
    ['an increment', { a: { inc: 1 } }, { a: { inc: 1 } }, { a: { inc: 1 } }],
    ['nested operations', { a: { $add: [1] } }, { a: { $add: [1] } }, { a: { $add: [1] } }],
    ['a change of a list', { a: { add: ['x'] } }, { a: { add: ['x'] } }, { a: { add: ['x'] } }],
    [
      'a merged object',
      { _merge_objects: true, a: { b: 1 } },
      { _merge_objects: true, a: { b: 1 } },
      { _merge_objects: true, a: { b: 1 } },
    ],
    ['what is never left out', { country: 'DE', a: 1 }, { country: 'DE', a: 1 }, { country: 'DE' }],
    [
      '`__proto__` is data',
      JSON.parse('{"__proto__":1,"a":1}'),
      JSON.parse('{"__proto__":1,"a":2}'),
      { a: 2 },
    ],
  ])('%s', (_, first, second, expected) => {
    const memory = memoryOf('identify', {});
    sent(memory, first);
    expect(sent(memory, second)).toEqual(expected && { external_id: 'kim', ...expected });
  });

  it('an operator makes the name forgotten', () => {
    const memory = memoryOf('identify', {});
    for (const object of [{ a: 1 }, { a: { inc: 1 } }]) sent(memory, object);
    expect(sent(memory, { a: 1 })).toEqual({ external_id: 'kim', a: 1 });
  });

  it('gold again goes while silver is under way', () => {
    const memory = memoryOf('identify', {});
    sent(memory, { tier: 'gold' });
    memory.recall([attributes({ tier: 'silver' })], false);
    expect(kinds(memory.recall([attributes({ tier: 'gold' })], false))).toEqual(['attributes']);
  });

  it('what was refused goes again, and so does everything after the time to live or a link', () => {
    let now = 0;
    const memory = memoryOf('identify', { epochMs: () => now });
    sent(memory, { a: 1 });
    for (let time = 0; time < 2; time += 1) expect(sent(memory, { a: 2 }, REFUSED)).toBeDefined();
    expect(sent(memory, { a: 1 })).toBeDefined();
    expect(sent(memory, { a: 1 })).toBeUndefined();
    now = 1000;
    expect(sent(memory, { a: 1 })).toBeDefined();
    through(memory, [link('kim', 'phone')]);
    expect(sent(memory, { a: 1 })).toBeDefined();
    expect(through(memory, [attributes({ a: 1 })]).outcome?.code).toBe('unchanged_attributes');
  });
});
