import { expect, it } from 'vitest';
import { changeOf } from '../../../src/app/destination-changes.ts';
import type { DestinationConfig } from '../../../src/config/config.ts';
import { FileFault } from '../../../src/config/file-fault.ts';
import { parseConfig } from '../../../src/config/load.ts';

function destination(more = ''): DestinationConfig {
  const loaded = parseConfig(
    'f',
    `sources: [{ id: shop, writeKey: k }]
destinations: [{ id: braze, restEndpoint: 'http://127.0.0.1:9'${more} }]`,
    {},
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config.destinations[0]!;
}

const KEY = ', restApiKey: key';

it('nothing changed: not even where a new one would begin', () => {
  expect(changeOf(destination(KEY), destination(KEY))).toBe('none');
  expect(changeOf(destination(KEY), destination(`${KEY}, start: beginning`))).toBe('none');
});

it.each([
  ['the key', ', restApiKey: other'],
  ['a mapping', `${KEY}, mappings: { events: [{ name: a, drop: true }] }`],
  ['a setting of the transformers', `${KEY}, aliasCall: merge`],
])('%s is planned with from now on', (_, more) => {
  expect(changeOf(destination(KEY), destination(more))).toBe('planned');
});

it.each([
  ['the concurrency', 'concurrency: { start: 1, max: 2 }'],
  ['the rate', 'rateLimit: { requests: 1, perSeconds: 1 }'],
  ['the packing', 'packing: perArray'],
  ['what links do', 'linkCall: auto'],
  ['what is remembered', 'supportDedup: true'],
])('%s opens it anew', (_, more) => {
  expect(changeOf(destination(KEY), destination(`${KEY}, ${more}`))).toBe('opened');
});

it('another host opens it anew: its memory is of another workspace', () => {
  const elsewhere = { ...destination(KEY), restEndpoint: 'http://127.0.0.1:10' };
  expect(changeOf(destination(KEY), elsewhere)).toBe('opened');
});

it('a key that cannot be read now is a key that changed', () => {
  const readRestApiKey = () => {
    throw new FileFault('gone');
  };
  expect(changeOf(destination(KEY), { ...destination(KEY), readRestApiKey })).toBe('planned');
});
