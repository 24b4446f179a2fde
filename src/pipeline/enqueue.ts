/**
 * One record's way into delivery: planned, then ended at once, or parked, or queued without what need not or must not
 * go.
 */
import type { Delivery } from '../delivery/delivery.ts';
import type { Memory } from '../memory/memory.ts';
import type { Operation } from '../model/operation.ts';
import { type FinalOutcome, filtered, type Warning } from '../model/outcome.ts';
import type { LogRecord } from '../model/record.ts';
import { type Doubts, IN_FLIGHT } from './doubts.ts';
import type { Parking } from './parking.ts';
import { type Passage, passageOf, textOf } from './passage.ts';
import { keysOf, type Planned, type PlanOptions, planRecord } from './plan.ts';
import type { Partition } from './progress-writer.ts';
import type { Settler } from './settler.ts';
import type { Tally } from './tally.ts';
import type { Window } from './window.ts';

/** What the pipeline needs of delivery. */
export type Adder = Pick<Delivery<Passage>, 'add' | 'queuedOf' | 'hasPlenty'>;

/** A partition as this process reads it. */
export interface Reading extends Partition {
  readonly lost: AbortSignal;
  readonly parking: Parking;
}

export interface EnqueueOptions {
  readonly plan: PlanOptions;
  readonly memory: Memory;
  readonly window: Window;
  readonly tally: Tally;
  readonly settler: Pick<Settler, 'end'>;
  /** What an earlier run left in doubt. */
  readonly doubts: Doubts;
  readonly delivery: Adder;
  /** The memory has found something that the sender of an event may want to know. */
  readonly onWarning: (warning: Warning) => void;
}

/** Each record comes in log order of its person; from then on it is in the window, unless it is parked. */
export interface Enqueuer {
  /** A record that is read for the first time. */
  take(record: LogRecord, partition: Reading): void;
  /** One that was parked and whose turn has come. */
  takeParked(record: LogRecord, partition: Reading): void;
  /** One that was parked and that the log holds no longer: nothing can bring it back. */
  passGone(offset: number, partition: Reading): void;
}

const GONE = filtered('record_gone', 'the log deleted it before its turn came');
/** What is left of a record that is gone, beside its place. */
const NOTHING = {
  key: '',
  value: new Uint8Array(),
  headers: { source: '', receivedAt: '' },
  timestamp: 0,
  corrupt: false,
};

/** A record and where it belongs. */
interface Looked {
  readonly record: LogRecord;
  readonly text: string;
  readonly partition: Reading;
}

export function createEnqueuer(options: EnqueueOptions): Enqueuer {
  const { plan, memory, window, tally, settler, doubts, delivery, onWarning } = options;

  function look(record: LogRecord, partition: Reading) {
    const text = textOf(record);
    return {
      looked: { record, text, partition },
      planned: planRecord(text, record, plan),
    };
  }

  /** An event that causes nothing to be sent. */
  function end({ record, text, partition }: Looked, outcome: FinalOutcome): void {
    const passage = passageOf(record, text, partition);
    window.add(passage.bytes);
    settler.end(passage, outcome, record.value);
  }

  function queue({ record, text, partition }: Looked, planned: Planned): void {
    const passage = passageOf(record, text, partition);
    window.add(passage.bytes);
    tally.warned(planned.warnings);
    const wanted = withoutDoubtful(planned.operations, passage);
    const operations = wanted.length > 0 ? recall(wanted, passage) : wanted;
    passage.open = operations.length;
    if (operations.length > 0) delivery.add(operations, passage);
  }

  /** What an earlier run may have delivered is not sent again where the destination holds such ones. */
  function withoutDoubtful(planned: readonly Operation[], passage: Passage): readonly Operation[] {
    const held = doubts.heldOf(passage);
    if (held.length === 0) return planned;
    for (const { part, kind } of planned) {
      if (!held.includes(part)) continue;
      tally.operation(kind, IN_FLIGHT);
      passage.undelivered = [...passage.undelivered, { part, outcome: IN_FLIGHT }];
    }
    const rest = planned.filter(({ part }) => !held.includes(part));
    if (rest.length === 0) settler.end(passage, IN_FLIGHT);
    return rest;
  }

  /** What is still to be sent; when that is nothing, the event is done. */
  function recall(planned: readonly Operation[], passage: Passage): readonly Operation[] {
    const isReplay = passage.record.headers.replayDestination !== undefined;
    const { operations, warnings, leftOut, outcome } = memory.recall(planned, isReplay);
    tally.leftOut(leftOut);
    tally.warned(warnings);
    for (const warning of warnings) onWarning(warning);
    if (outcome) settler.end(passage, passage.undelivered[0]?.outcome ?? outcome);
    return operations;
  }

  return {
    take(record, partition) {
      const { looked, planned } = look(record, partition);
      if (planned.status !== 'operations') end(looked, planned);
      else if (!partition.parking.park(keysOf(planned), record.offset)) queue(looked, planned);
    },
    takeParked(record, partition) {
      const { looked, planned } = look(record, partition);
      if (planned.status === 'operations') queue(looked, planned);
      else end(looked, planned);
    },
    passGone(offset, partition) {
      const { topic, partition: number } = partition;
      end({ record: { ...NOTHING, topic, partition: number, offset }, text: '', partition }, GONE);
    },
  };
}
