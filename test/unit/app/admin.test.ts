import { expect, it } from 'vitest';
import { listingsOf, logFault } from '../../../src/app/admin.ts';
import { LogError } from '../../../src/log/log.ts';

const state = (id: string) => ({
  id,
  state: 'running' as const,
  halted: null,
  backlog: 3,
  inFlight: 2,
  parked: 0,
  requestsRunning: 1,
});

it('a log at its cap is no fault of the server: another could not take the events either', async () => {
  const failing = (error: Error) => ({ ping: () => Promise.reject(error) });
  expect(await logFault({ ping: async () => {} })).toEqual([]);
  expect(await logFault(failing(new LogError('log_full', 'it is full')))).toEqual([]);
  expect(await logFault(failing(new LogError('disk_full', 'no room')))).toEqual(['disk_full: no room']);
  expect(await logFault(failing(new Error('?')))).toEqual(['the log does not answer']);
});

it('a listing says what the log knows of a destination, and nothing of one that it does not know', () => {
  const standing = { group: 'a', detached: false, unsettled: 5, bytes: 70, oldestAt: 1_000 };
  expect(listingsOf([state('a'), state('b')], [standing], 4_500)).toEqual([
    { ...state('a'), unsettled: 5, heldBytes: 70, oldestAgeSeconds: 3.5 },
    { ...state('b'), unsettled: 0, heldBytes: 0, oldestAgeSeconds: null },
  ]);
});
