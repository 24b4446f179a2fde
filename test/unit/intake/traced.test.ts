import { describe, expect, it } from 'vitest';
import type { Piece } from '../../../src/intake/pieces.ts';
import { traced } from '../../../src/intake/traced.ts';
import { rejected } from '../../../src/model/outcome.ts';
import type { NewRecord } from '../../../src/model/record.ts';
import type { ProcessedRecords } from '../../../src/telemetry/tracing.ts';

const record = (traceparent?: string): NewRecord => ({
  key: 'k',
  value: Buffer.from('{}'),
  headers: { source: 'crm', receivedAt: '', ...(traceparent !== undefined && { traceparent }) },
  timestamp: 0,
});

const outcome = rejected('invalid', 'invalid_json', '');
const letter = (traceparent: string) => ({
  id: 'l',
  destination: null,
  at: 0,
  position: 'orders/3/1',
  record: record(traceparent),
  outcome,
  undelivered: null,
});

const PIECE: Piece = {
  source: 'crm',
  topic: 'orders',
  partition: 3,
  messages: 4,
  records: [record('first'), record()],
  positions: ['orders/3/0', 'orders/3/2'],
  letters: [letter('second')],
  rejections: [{ outcome }],
  tombstones: 1,
  progress: { watermark: 4, settled: [] },
};

const signal = new AbortController().signal;

describe('a piece', () => {
  it('that is in the log is told with how long it took and the traces of its events and letters', async () => {
    const told: ProcessedRecords[] = [];
    let clock = 1_000;
    const store = traced(
      async () => {
        clock += 250;
        return true;
      },
      { processed: (records) => told.push(records) },
      () => clock,
    );
    expect(await store(PIECE, signal)).toBe(true);
    const { traceparents, ...facts } = told[0]!;
    expect(facts).toEqual({
      topic: 'orders',
      partition: 3,
      source: 'crm',
      records: 4,
      accepted: 2,
      rejected: 1,
      at: 1_000,
      durationMs: 250,
    });
    expect([...traceparents]).toEqual(['first', undefined, 'second']);
    expect(told).toHaveLength(1);
  });

  it('that is not in the log, as far as anybody knows, is not told', async () => {
    const told: ProcessedRecords[] = [];
    const store = traced(
      async () => false,
      { processed: (records) => told.push(records) },
      () => 0,
    );
    expect(await store(PIECE, signal)).toBe(false);
    expect(told).toEqual([]);
  });

  it('costs nothing where nothing is traced: the store is the very same', () => {
    const store = async () => true;
    expect(traced(store, undefined, () => 0)).toBe(store);
  });
});
