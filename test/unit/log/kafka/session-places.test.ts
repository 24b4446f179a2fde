import { expect, test } from 'vitest';
import { encodeProgress } from '../../../../src/log/kafka/progress-codec.ts';
import { placeOf, raised, unsettledBelow } from '../../../../src/log/kafka/session-places.ts';

const BOUNDS = { partition: 0, first: 10, end: 100 };

test('a group without a place begins at the first record that is held', () => {
  const place = placeOf({ offset: -1, metadata: null }, BOUNDS);
  expect(place).toMatchObject({
    progress: { watermark: 10, settled: [] },
    lost: undefined,
    warning: undefined,
  });
});

test('a group with a place goes on there, with what it settled above and its floor', () => {
  const progress = { watermark: 20, settled: [{ from: 30, to: 40 }] };
  const { metadata } = encodeProgress(progress, 8);
  expect(placeOf({ offset: 20, metadata }, BOUNDS)).toMatchObject({ progress, floor: 8, warning: undefined });
});

test('records that were deleted before they were settled are counted, and what was settled above stays so', () => {
  const progress = {
    watermark: 2,
    settled: [
      { from: 4, to: 6 },
      { from: 9, to: 12 },
      { from: 20, to: 21 },
    ],
  };
  const { metadata } = encodeProgress(progress, 8);
  const place = placeOf({ offset: 2, metadata }, BOUNDS);
  expect(place).toMatchObject({
    progress: { watermark: 12, settled: [{ from: 20, to: 21 }] },
    floor: 8,
    lost: 5,
  });
  expect(place.warning).toContain('5 records');
});

test('records that were deleted after they were settled are no loss', () => {
  const { metadata } = encodeProgress({ watermark: 9, settled: [] }, 0);
  const settled = encodeProgress({ watermark: 8, settled: [] }, 0).metadata;
  expect(placeOf({ offset: 9, metadata }, { ...BOUNDS, first: 9 }).lost).toBeUndefined();
  expect(placeOf({ offset: 8, metadata: settled }, { ...BOUNDS, first: 9 }).lost).toBe(1);
});

test('a place beyond the end, and one that kafkajs has reset, begin anew and say so', () => {
  const beyond = placeOf({ offset: 101, metadata: null }, BOUNDS);
  expect(beyond).toMatchObject({ progress: { watermark: 10 }, lost: null, isBeyond: true });
  expect(beyond.warning).toContain('made anew');
  const reset = placeOf({ offset: -2, metadata: null }, BOUNDS);
  expect(reset).toMatchObject({ progress: { watermark: 10 }, lost: null, isBeyond: false });
  expect(reset.warning).toContain('deleted');
});

test('what was settled above the end is settled no more: other records come to stand there', () => {
  const settled = [
    { from: 30, to: 40 },
    { from: 90, to: 105 },
    { from: 110, to: 112 },
  ];
  const { metadata } = encodeProgress({ watermark: 20, settled }, 8);
  const within = [
    { from: 30, to: 40 },
    { from: 90, to: 100 },
  ];
  const place = placeOf({ offset: 20, metadata }, BOUNDS);
  expect(place).toMatchObject({ progress: { watermark: 20, settled: within }, floor: 8, isBeyond: true });
  expect(place.warning).toContain('brokers lost records');
  const cut = placeOf({ offset: 20, metadata }, { ...BOUNDS, first: 35 });
  expect(cut).toMatchObject({ progress: { watermark: 40, settled: within.slice(1) }, isBeyond: true });
  const whole = placeOf({ offset: 20, metadata }, { ...BOUNDS, end: 112 });
  expect(whole).toMatchObject({ progress: { settled }, isBeyond: false, warning: undefined });
});

test('a place of a topic that was deleted is none in the one that was made anew, however long that is by now', () => {
  const mark = { cluster: '00000001', topic: '0000000000000001' };
  const { metadata } = encodeProgress({ watermark: 50, settled: [{ from: 60, to: 70 }] }, 8, { mark });
  const anew = placeOf({ offset: 50, metadata }, BOUNDS, { ...mark, topic: '0000000000000002' });
  expect(anew).toMatchObject({
    progress: { watermark: 10, settled: [] },
    floor: 0,
    lost: null,
    isBeyond: false,
  });
  expect(anew.warning).toContain('made anew');
  // Another cluster's was copied here with its records; and brokers may know no ids.
  for (const same of [mark, null, { ...mark, cluster: '00000002', topic: '0000000000000002' }]) {
    expect(placeOf({ offset: 50, metadata }, BOUNDS, same).progress.watermark).toBe(50);
  }
});

test('metadata that cannot be read leaves the offset', () => {
  const place = placeOf({ offset: 50, metadata: 'garbage' }, BOUNDS);
  expect(place.progress).toEqual({ watermark: 50, settled: [] });
  expect(place.warning).toContain('left aside');
});

test('a watermark that is raised swallows the range that it reaches', () => {
  const progress = {
    watermark: 0,
    settled: [
      { from: 2, to: 4 },
      { from: 6, to: 8 },
    ],
  };
  expect(raised(progress, 2)).toEqual({ watermark: 4, settled: [{ from: 6, to: 8 }] });
  expect(raised(progress, 5)).toEqual({ watermark: 5, settled: [{ from: 6, to: 8 }] });
  expect(raised(progress, 9)).toEqual({ watermark: 9, settled: [] });
  expect(unsettledBelow(progress, 7)).toBe(4);
});
