import { describe, expect, it } from 'vitest';
import { type Concurrency, createConcurrency } from '../../../src/delivery/concurrency.ts';
import { createDice } from '../../support/dice.ts';

/** Full rounds: each of the requests under way succeeds while all the others are. */
function grow(concurrency: Concurrency, rounds: number): void {
  for (let round = 0; round < rounds; round += 1) {
    for (let each = concurrency.limit; each > 0; each -= 1) concurrency.succeeded(true);
  }
}

describe('the concurrency', () => {
  it('doubles with each full round until it has shrunk once', () => {
    const concurrency = createConcurrency({ start: 4, max: 350 });
    grow(concurrency, 3);
    expect(concurrency.limit).toBe(32);
    concurrency.throttled(0);
    expect(concurrency.limit).toBe(24);
    grow(concurrency, 3);
    expect(concurrency.limit).toBeLessThanOrEqual(27);
  });

  it('grows by about one for each full round once it has shrunk, up to the most', () => {
    const concurrency = createConcurrency({ start: 6, max: 8 });
    concurrency.throttled(0);
    expect(concurrency.limit).toBe(4);
    grow(concurrency, 2);
    expect(concurrency.limit).toBeGreaterThanOrEqual(5);
    expect(concurrency.limit).toBeLessThan(8);
    grow(concurrency, 20);
    expect(concurrency.limit).toBe(8);
  });

  it('does not grow while it is not used up', () => {
    const concurrency = createConcurrency({ start: 4, max: 8 });
    for (let turn = 0; turn < 100; turn += 1) concurrency.succeeded(false);
    expect(concurrency.limit).toBe(4);
  });

  it('hardly ever shrinks while one request in a hundred fails', () => {
    const concurrency = createConcurrency({ start: 16, max: 100 });
    grow(concurrency, 200);
    const dice = createDice(1);
    let sum = 0;
    for (let turn = 0; turn < 10_000; turn += 1) {
      if (dice() < 0.01) concurrency.failed(turn * 10);
      else concurrency.succeeded(true);
      sum += concurrency.limit;
    }
    expect(sum / 10_000).toBeGreaterThan(90);
  });

  it('stays near the most where hundreds are under way: failures come close together by chance', () => {
    const concurrency = createConcurrency({ start: 350, max: 350 });
    const dice = createDice(1);
    const limits: number[] = [];
    for (let round = 0; round < 600; round += 1) {
      for (let left = concurrency.limit; left > 0; left -= 1) {
        if (dice() < 0.01) concurrency.failed(round * 200);
        else concurrency.succeeded(true);
      }
      limits.push(concurrency.limit);
    }
    expect(limits.reduce((sum, limit) => sum + limit, 0) / limits.length).toBeGreaterThan(0.95 * 350);
  });

  it('bears five failures in a row, not six', () => {
    const concurrency = createConcurrency({ start: 16, max: 16 });
    for (let turn = 0; turn < 5; turn += 1) concurrency.failed(0);
    expect(concurrency.limit).toBe(16);
    concurrency.failed(0);
    expect(concurrency.limit).toBe(12);
  });

  it('shrinks by a quarter when what was under way fails together, once a second', () => {
    const concurrency = createConcurrency({ start: 16, max: 16 });
    for (let turn = 0; turn < 16; turn += 1) concurrency.failed(1_000);
    expect(concurrency.limit).toBe(12);
    for (let turn = 0; turn < 12; turn += 1) concurrency.failed(2_000);
    expect(concurrency.limit).toBe(9);
  });

  it('shrinks to one in a storm, and not below', () => {
    const concurrency = createConcurrency({ start: 350, max: 350 });
    for (let second = 0; second < 60; second += 1) concurrency.failed(second * 1_000);
    expect(concurrency.limit).toBe(1);
  });

  it('shrinks at the first 429', () => {
    const concurrency = createConcurrency({ start: 16, max: 16 });
    concurrency.throttled(0);
    expect(concurrency.limit).toBe(12);
  });
});
