import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogError } from '../../../../src/log/log.ts';
import type { WriteBatch, WriteResult } from '../../../../src/log/sqlite/protocol.ts';
import { createWriter, type Writer } from '../../../../src/log/sqlite/writer.ts';
import { record } from '../../../support/log-harness.ts';

interface Sent {
  batch: WriteBatch;
  answer(result?: Partial<WriteResult>): void;
  fail(error: LogError): void;
}

let sent: Sent[];
let writer: Writer;
let failed: LogError[];
const done: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  failed = [];
  done.length = 0;
  writer = createWriter({
    send: (batch) =>
      new Promise((resolve, reject) => {
        const noLetters = {
          letters: new Map(),
          letterBytes: 0,
          oldestLetterAt: null,
          lettersDropped: { age: 0, bytes: 0 },
        };
        const blank = { head: 0, dropped: [], full: false, bytes: 0, ...noLetters };
        sent.push({ batch, answer: (result) => resolve({ ...blank, ...result }), fail: reject });
      }),
    now: () => 0,
    onWritten: () => done.push('written'),
    onFailed: (error) => failed.push(error),
    fullError: () => new LogError('log_full', 'full'),
  });
});
afterEach(() => vi.useRealTimers());

function append(name: string, values: string[] = [name]): void {
  writer.append({
    records: values.map((text) => record(text)),
    replayOf: null,
    letters: [],
    resolve: (dropped) => done.push(`${name} dropped [${dropped}]`),
    reject: ({ code }) => done.push(`${name} ${code}`),
  });
}

function commit(name: string, letters: WriteBatch['commits'][number]['letters'] = []): void {
  const part = { group: name, watermark: 0, settled: new Uint8Array(0), letters };
  writer.commit({ part, resolve: () => done.push(name), reject: ({ code }) => done.push(`${name} ${code}`) });
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const counts = () => sent.map(({ batch }) => [batch.append?.records.count ?? 0, batch.commits.length]);

describe('writer', () => {
  it('makes what arrived during a write the next write, appends and commits together', async () => {
    append('a');
    append('b');
    await settle();
    append('c');
    commit('m');
    append('d');
    await settle();
    expect(counts()).toEqual([[2, 0]]);
    sent[0]!.answer();
    await settle();
    expect(counts()).toEqual([
      [2, 0],
      [2, 1],
    ]);
    expect(done).toEqual(['written', 'a dropped []', 'b dropped []']);
  });

  it('lets progress alone wait 5 ms, and not when an append or a letter comes', async () => {
    commit('m');
    await vi.advanceTimersByTimeAsync(4);
    expect(sent).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(counts()).toEqual([[0, 1]]);
    sent[0]!.answer();
    await settle();
    commit('n');
    await settle();
    expect(sent).toHaveLength(1);
    append('a');
    await settle();
    expect(counts()[1]).toEqual([1, 1]);
    sent[1]!.answer();
    await settle();
    commit('o', [{ id: 'l', destination: '', at: 0, position: null, detail: '', value: new Uint8Array(0) }]);
    await settle();
    expect(counts()[2]).toEqual([0, 1]);
  });

  it('bounds a group by bytes and records, and lets a larger append go alone', async () => {
    append('many', Array(4000).fill('x'));
    append('more', Array(4000).fill('x'));
    append('large', ['x'.repeat(5_000_000)]);
    append('small');
    for (let index = 0; index < 4; index += 1) {
      await settle();
      sent[index]!.answer();
    }
    await settle();
    expect(counts()).toEqual([
      [4000, 0],
      [4000, 0],
      [1, 0],
      [1, 0],
    ]);
  });

  it('gives each caller the indices of its own records', async () => {
    append('a', ['0', '1', '2']);
    append('b', ['3']);
    append('c', ['4', '5']);
    await settle();
    sent[0]!.answer({ dropped: [0, 2, 5] });
    await settle();
    expect(done.slice(1)).toEqual(['a dropped [0,2]', 'b dropped []', 'c dropped [1]']);
  });

  it('refuses appends and keeps commits when the log is full', async () => {
    append('a');
    commit('m');
    await settle();
    sent[0]!.answer({ full: true });
    await settle();
    expect(done.slice(1)).toEqual(['a log_full', 'm']);
  });

  it('tries commits without the appends that found the disk full', async () => {
    append('a');
    commit('m');
    await settle();
    sent[0]!.fail(new LogError('disk_full', ''));
    await settle();
    expect(counts()).toEqual([
      [1, 1],
      [0, 1],
    ]);
    sent[1]!.fail(new LogError('disk_full', ''));
    append('b');
    await settle();
    sent[2]!.answer();
    await settle();
    expect(done).toEqual(['a disk_full', 'm disk_full', 'written', 'b dropped []']);
    expect(failed).toEqual([]);
  });

  it('rejects what waits and all that comes after a failed write, and says so once', async () => {
    append('a');
    await settle();
    append('b');
    sent[0]!.fail(new LogError('log_failing', ''));
    await settle();
    append('c');
    commit('m');
    writer.fail(new LogError('log_failing', ''));
    await settle();
    expect(done).toEqual(['a log_failing', 'b log_failing', 'c log_failing', 'm log_failing']);
    expect([sent.length, failed.length]).toEqual([1, 1]);
  });

  it('writes at a close what waits, at once', async () => {
    commit('m');
    await settle();
    const closed = writer.close().then(() => done.push('closed'));
    append('late');
    await settle();
    sent[0]!.answer();
    await closed;
    expect(done).toEqual(['late log_closing', 'written', 'm', 'closed']);
  });
});
