import { describe, expect, it } from 'vitest';
import { createQuietMemory } from '../../../src/delivery/quiet.ts';
import { operation } from '../../support/operations.ts';

const link = (user: string) => operation('identify', [`external_id:${user}`, `alias:rudder_id:${user}`]);

describe('the quiet time before a link', () => {
  it('counts from the last accepted data of either side', () => {
    const quiet = createQuietMemory(1_000, 0);
    quiet.accepted(['external_id:kim'], 5_000);
    quiet.accepted(['alias:rudder_id:kim'], 5_400);
    expect(quiet.mayGoAt(link('kim'))).toBe(6_400);
  });

  it('is over for those who were silent, however long others go on', () => {
    const quiet = createQuietMemory(1_000, 0);
    quiet.accepted(['external_id:kim'], 500);
    for (let now = 1_000; now <= 9_000; now += 100) quiet.accepted([`external_id:u${now}`], now);
    expect(quiet.mayGoAt(link('kim'))).toBeLessThanOrEqual(9_000);
    expect(quiet.mayGoAt(link('silent'))).toBeLessThanOrEqual(9_000);
  });

  it('begins at the start for everybody: what was accepted before is not known', () => {
    expect(createQuietMemory(1_000, 7_000).mayGoAt(link('kim'))).toBe(8_000);
  });

  it('is never shorter when the memory is full', () => {
    const quiet = createQuietMemory(1_000, 0, 10);
    for (let now = 5_000; now < 5_100; now += 1) {
      quiet.accepted([`external_id:u${now}`], now);
      for (let who = 5_000; who <= now; who += 1) {
        expect(quiet.mayGoAt(link(`u${who}`))).toBeGreaterThanOrEqual(who + 1_000);
      }
    }
  });
});
