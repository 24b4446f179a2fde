/** Gives what was fetched to whoever asks for it: chunks of one partition each, the partitions in turn. */
import type { LogRecord } from '../../model/record.ts';
import type { Chunk, Progress } from '../log.ts';
import type { Waiters } from '../waiters.ts';
import type { PartitionBuffer, Run } from './buffers.ts';
import type { Epoch, Epochs } from './epoch.ts';
import type { RawRecord } from './internals.ts';
import { messageFrom } from './range-records.ts';
import type { RawMessage } from './record-codec.ts';
import type { PartitionPlace } from './signs.ts';

export interface ReaderOptions {
  readonly epochs: Pick<Epochs, 'current'>;
  /** Woken when something has come, when an epoch begins and when one is lost. */
  readonly waiters: Waiters;
  readonly closed: AbortSignal;
  decode(message: RawMessage, place: PartitionPlace): LogRecord;
  onTaken(buffer: PartitionBuffer): void;
  onRestart(buffer: PartitionBuffer, progress: Progress): void;
}

export interface SessionReader {
  /**
   * The chunks of one epoch, the present one or the next: ends with it. Of those that read the same epoch the last has
   * it: it begins at what is committed by then, and the chunks of the one before are lost.
   */
  read(signal: AbortSignal): AsyncGenerator<Chunk, void>;
}

export function createReader(options: ReaderOptions): SessionReader {
  const { epochs, waiters, closed, decode } = options;
  const readings = new WeakMap<Epoch, AbortController>();

  async function nextEpoch(signal: AbortSignal): Promise<Epoch | undefined> {
    while (!signal.aborted && !closed.aborted) {
      if (epochs.current?.stage === 'reading') return epochs.current;
      await waiters.wait([signal, closed]);
    }
    return undefined;
  }

  /** Fires when the epoch is lost, or when another reads it. */
  function begin(epoch: Epoch): AbortSignal {
    const before = readings.get(epoch);
    if (before) {
      before.abort();
      for (const buffer of epoch.buffers.values()) {
        const known = epoch.commits?.committed(buffer);
        if (known) options.onRestart(buffer, buffer.overGaps(known.progress));
      }
    }
    const reading = new AbortController();
    readings.set(epoch, reading);
    return AbortSignal.any([epoch.lost, reading.signal]);
  }

  function chunkOf(buffer: PartitionBuffer, { firstOffset, messages, bytes }: Run, lost: AbortSignal): Chunk {
    const place = { topic: buffer.topic, partition: buffer.partition };
    const record = (index: number): LogRecord => {
      const message = messages[index];
      if (message === undefined) throw new RangeError(`record ${index} of ${messages.length}`);
      return decode(messageFrom(message), place);
    };
    const { resumed } = buffer;
    return { ...place, firstOffset, count: messages.length, bytes, lost, resumed, record };
  }

  /** What is passed over is decoded too: the guard against duplicates is to see every record, in order. */
  function take(buffer: PartitionBuffer, lost: AbortSignal): Chunk | undefined {
    const { topic, partition } = buffer;
    const run = buffer.take((message: RawRecord) => {
      decode(messageFrom(message), { topic, partition });
    });
    options.onTaken(buffer);
    return run && chunkOf(buffer, run, lost);
  }

  /** Of the first partition, from `turn` on, that has something. */
  function next(epoch: Epoch, turn: number, lost: AbortSignal): { chunk: Chunk; turn: number } | undefined {
    if (epoch.stage !== 'reading') return undefined;
    const buffers = [...epoch.buffers.values()];
    for (const [index] of buffers.entries()) {
      const at = (turn + index) % buffers.length;
      const chunk = take(buffers[at] as PartitionBuffer, lost);
      if (chunk) return { chunk, turn: at + 1 };
    }
    return undefined;
  }

  return {
    async *read(signal) {
      const epoch = await nextEpoch(signal);
      if (epoch === undefined) return;
      const lost = begin(epoch);
      let turn = 0;
      while (!signal.aborted && !lost.aborted && !closed.aborted) {
        const found = next(epoch, turn, lost);
        if (found === undefined) await waiters.wait([signal, lost, closed]);
        else {
          turn = found.turn;
          yield found.chunk;
        }
      }
    },
  };
}
