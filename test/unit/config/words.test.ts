import { describe, expect, test } from 'vitest';
import { DATA_CENTERS, originOf } from '../../../src/config/data-centers.ts';
import { suggest } from '../../../src/config/suggest.ts';

describe('suggest', () => {
  test.each([
    ['prot', 'port'],
    ['HOST', 'host'],
    ['restApikey', 'restApiKey'],
    ['hosts', 'host'],
  ])('%s means %s', (word, meant) => {
    expect(suggest(word, ['host', 'port', 'restApiKey'])).toBe(meant);
  });

  test('nothing when nothing is near', () => {
    expect(suggest('elephant', ['host', 'port'])).toBeNull();
    expect(suggest('x', [])).toBeNull();
  });
});

describe('originOf', () => {
  test('knows a data centre whatever its case and the spaces around it', () => {
    expect(originOf(' eu-01 ')).toBe('https://rest.fra-01.braze.eu');
    expect(originOf('US-10')).toBe('https://rest.us-10.braze.com');
    expect(originOf('\tUs-06\n')).toBe('https://rest.iad-06.braze.com');
    for (const name of ['US', 'US-99', 'US-1', 'US 01', 'US01', '', '__proto__']) {
      expect(originOf(name)).toBeNull();
    }
  });

  test('every one has an https origin of its own at Braze', () => {
    const origins = DATA_CENTERS.map((name) => String(originOf(name)));
    expect(new Set(origins).size).toBe(DATA_CENTERS.length);
    for (const origin of origins) {
      expect(origin).toMatch(/^https:\/\/rest\.[a-z]+-\d\d\.braze\.(com|eu)$/);
    }
  });
});
