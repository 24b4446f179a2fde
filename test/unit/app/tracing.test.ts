import { expect, it } from 'vitest';
import { createTracingSigns } from '../../../src/app/tracing.ts';

function rig() {
  const lines: string[] = [];
  const line = (msg: string, fields: object = {}) => lines.push(`${msg} ${JSON.stringify(fields)}`);
  return { lines, signs: createTracingSigns({ warn: line, info: line }) };
}

const LOST = 'spans are lost, events are not: the collector does not take them';
const AGAIN = 'the collector takes spans again';

it('spans that are lost are one line, however many, and one when they are taken again', () => {
  const { lines, signs } = rig();
  signs.exported(5);
  for (let n = 0; n < 100; n += 1) signs.lost(256, 'econnrefused');
  signs.exported(1);
  signs.exported(1);
  expect(lines).toEqual([`${LOST} {"code":"spans_lost","reason":"econnrefused"}`, `${AGAIN} {"lost":25600}`]);
  signs.lost(1, 'http_401');
  expect(lines.at(-1)).toBe(`${LOST} {"code":"spans_lost","reason":"http_401"}`);
});

it('a collector that is too slow and takes some of them is not told as well again and again', () => {
  const { lines, signs } = rig();
  for (let n = 0; n < 100; n += 1) {
    signs.lost(1, 'queue_full');
    signs.exported(256);
  }
  expect(lines).toEqual([`${LOST} {"code":"spans_lost","reason":"queue_full"}`]);
  signs.exported(256);
  expect(lines.slice(1)).toEqual([`${AGAIN} {"lost":100}`]);
});
