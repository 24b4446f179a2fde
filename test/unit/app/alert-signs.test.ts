import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import type { DestinationState } from '../../../src/admin/destinations-routes.ts';
import { type SignParts, signsOf } from '../../../src/app/alert-signs.ts';
import { openDisk } from '../../../src/app/disk.ts';
import type { GroupStanding } from '../../../src/log/log.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

const EMBEDDED = { kind: 'embedded', path: tmpdir(), maxBytes: 1_000, retainHours: 1 } as const;
const KAFKA = { kind: 'kafka', path: tmpdir() } as SignParts['config']['log'];

const SILENT = { info: () => undefined, warn: () => undefined };

const RUNNING: DestinationState = {
  id: 'braze',
  state: 'running',
  halted: null,
  backlog: 0,
  inFlight: 0,
  parked: 0,
  requestsRunning: 0,
};

function rig(states: readonly DestinationState[], config: SignParts['config']['log'] = EMBEDDED) {
  const metrics = createMetrics({ version: 'test' }, { processMetrics: false });
  let asked = 0;
  const standing: GroupStanding = { group: 'braze', detached: false, unsettled: 1, bytes: 600, oldestAt: 1 };
  const parts: SignParts = {
    config: { log: config },
    disk: openDisk({ log: config, logger: SILENT }),
    metrics,
    log: {
      async groups() {
        asked += 1;
        return [standing, { ...standing, group: 'other', bytes: 100 }];
      },
      stats: () => ({
        bytes: 900,
        maxBytes: 1_000,
        letters: new Map(),
        letterBytes: 200,
        oldestLetterAt: null,
        lettersDropped: { age: 0, bytes: 0 },
      }),
    },
    destinations: {
      states: () => states,
      // What has happened is in the metrics only after this.
      publish: () => {
        metrics.events.inc({ destination: 'braze', outcome: 'delivered' }, 5);
        metrics.events.inc({ destination: 'braze', outcome: 'rejected' }, 2);
        metrics.events.inc({ destination: 'other', outcome: 'rejected' }, 40);
        metrics.eventsRead.inc({ destination: 'braze' }, 10);
      },
    },
  };
  return { parts, asked: () => asked };
}

it('are of each destination by itself, up to date', async () => {
  const halted = { code: 'key_refused', message: 'canary' };
  const states = [
    { ...RUNNING, state: 'halted' as const, halted, backlog: 4, inFlight: 3 },
    { ...RUNNING, id: 'new' },
    { ...RUNNING, id: 'gone', state: 'detached' as const },
  ];
  const { destinations } = await signsOf(rig(states).parts);
  expect(destinations).toEqual([
    {
      id: 'braze',
      halted: 'key_refused',
      isDetached: false,
      waiting: 7,
      arrived: 14,
      settled: 7,
      rejected: 2,
    },
    { id: 'new', halted: null, isDetached: false, waiting: 0, arrived: 0, settled: 0, rejected: 0 },
    { id: 'gone', halted: null, isDetached: true, waiting: 0, arrived: 0, settled: 0, rejected: 0 },
  ]);
});

it('are of the embedded log and its disk', async () => {
  const { log, disk } = await signsOf(rig([]).parts);
  expect(log).toEqual({ heldShare: 0.8 });
  expect(disk).toEqual({ freeBytes: expect.any(Number), totalBytes: expect.any(Number) });
});

it('are neither of log nor disk on Kafka, where they are the brokers’: they are not asked either', async () => {
  const t = rig([RUNNING], KAFKA);
  expect(await signsOf(t.parts)).toMatchObject({ log: null, disk: null, destinations: [{ id: 'braze' }] });
  expect(t.asked()).toBe(0);
});

it('are none in a process that only takes events on Kafka', async () => {
  expect(await signsOf(rig([], KAFKA).parts)).toEqual({ destinations: [], log: null, disk: null });
});

it('do not know of a log that does not answer, and of a folder that is gone', async () => {
  const { parts } = rig([RUNNING], { ...EMBEDDED, path: '/nowhere/at/all' });
  const log = { ...parts.log, groups: () => Promise.reject(new Error('closed')) };
  expect(await signsOf({ ...parts, log })).toMatchObject({
    log: 'unknown',
    disk: 'unknown',
    destinations: [{}],
  });
});
