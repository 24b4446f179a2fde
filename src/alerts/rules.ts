/**
 * The rules: from how the process stands to what is wrong with it. Names, severities and thresholds are those of
 * helm/brazier/alerts/brazier.rules.yaml; a rule that looks back remembers what it needs, and nothing else does.
 */
import type { Alert, AlertName } from './alert.ts';
import { createGrowth, type Growth } from './growth.ts';
import type { DestinationSigns, DiskSigns, LogSigns, Signs } from './signs.ts';

export interface Thresholds {
  /** How long a halt, a full log or a full disk lasts before it is an alert. */
  readonly holdMs: number;
  readonly nothingDeliveredMs: number;
  /** So many dead letters of one destination within the window are a warning. */
  readonly deadLetters: number;
  readonly deadLettersWindowMs: number;
  /** The share of the disk below which it is nearly full. */
  readonly diskFreeRatio: number;
}

/** What is wrong now. It becomes an alert when it has been so for `holdMs`. */
export type Condition = Omit<Alert, 'since'> & { readonly holdMs: number };

/** To be called at each look, in the order of time. @param ms of a clock that never goes back */
export type Judge = (signs: Signs, thresholds: Thresholds, ms: number) => readonly Condition[];

export interface JudgeOptions {
  /** What fired when the process ended: who stood still then stands still until there is an outcome. */
  readonly known: readonly Alert[];
  /** It begins long after the process: what was counted before its first look is none of its own. */
  readonly isLate: boolean;
}

export function createJudge({ known, isLate }: JudgeOptions): Judge {
  const stuck = known.filter(({ name }) => name === 'BrazierNothingDelivered');
  const memories = new Map<string, Memory>(
    stuck.map(({ destination }) => [
      destination ?? '',
      { ...createMemory(STOOD_STILL, FROM_ZERO), ...STOOD_STILL },
    ]),
  );
  const room = { isLogNear: false, isLogFull: false, isDiskNear: false };
  let hasLooked = !isLate;
  return ({ destinations, log, disk }, thresholds, ms) => {
    const conditions = destinations.flatMap((signs) => {
      const memory = memories.get(signs.id) ?? createMemory(signs, hasLooked ? FROM_ZERO : signs);
      memories.set(signs.id, memory);
      return judgeDestination(signs, memory, { thresholds, ms });
    });
    hasLooked = true;
    if (log && log !== 'unknown') conditions.push(...judgeLog(log, room, thresholds));
    if (disk && disk !== 'unknown') conditions.push(...judgeDisk(disk, room, thresholds));
    return conditions;
  };
}

/** The alerts of which these signs say neither that they are nor that they are over. */
export function unjudged({ log, disk }: Signs): readonly AlertName[] {
  return [
    ...(log === 'unknown' ? (['BrazierLogNearlyFull'] as const) : []),
    ...(disk === 'unknown' ? (['BrazierDiskNearlyFull'] as const) : []),
  ];
}

/** Of one destination: what it was like at its last outcome, and its dead letters of the last minutes. */
interface Memory {
  settled: number;
  arrived: number;
  /** Since when events wait and none has an outcome; null when that is not so. */
  stuckMs: number | null;
  readonly letters: Growth;
  readonly manyLetters: Growth;
  readonly outcomes: Growth;
}

interface Looking {
  readonly thresholds: Thresholds;
  readonly ms: number;
}

type Counted = Pick<DestinationSigns, 'settled' | 'rejected'>;

/** Counters begin with the process, and with the destination. */
const FROM_ZERO: Counted = { settled: 0, rejected: 0 };

function createMemory({ settled, arrived }: Pick<Memory, 'settled' | 'arrived'>, from: Counted): Memory {
  return {
    ...{ settled, arrived, stuckMs: null },
    letters: createGrowth(from.rejected),
    manyLetters: createGrowth(from.rejected),
    outcomes: createGrowth(from.settled),
  };
}

const STOOD_STILL = { settled: 0, arrived: -1, stuckMs: Number.NEGATIVE_INFINITY };

function judgeDestination(signs: DestinationSigns, memory: Memory, looking: Looking): Condition[] {
  const { thresholds } = looking;
  const stuckForMs = nothingDeliveredForMs(signs, memory, looking.ms);
  const letters = judgeLetters(signs, memory, looking);
  if (signs.isDetached) return letters;
  const { id: destination, halted, waiting } = signs;
  if (halted !== null) {
    const summary = `Braze takes nothing for ${destination} (${halted}): ${eventsText(waiting)} in the log, and none is lost`;
    const name = 'BrazierDestinationHalted';
    const halt = { name, severity: 'critical', destination, code: halted, summary } as const;
    return [...letters, { ...halt, holdMs: thresholds.holdMs }];
  }
  if (stuckForMs < thresholds.nothingDeliveredMs) return letters;
  const summary = `Nothing gets through to ${destination}: ${eventsText(waiting)}, new ones come, and not one has had an outcome for ${durationText(thresholds.nothingDeliveredMs)}`;
  const name = 'BrazierNothingDelivered';
  const stuck = { name, severity: 'critical', destination, code: null, summary } as const;
  return [...letters, { ...stuck, holdMs: 0 }];
}

/**
 * How long events have waited, more have come since the last outcome, and there was no outcome. Whoever takes them may be
 * another process, so coming means that there is more to read. One person who waits alone at night is not everybody.
 */
function nothingDeliveredForMs(
  { settled, arrived, waiting, halted }: DestinationSigns,
  memory: Memory,
  ms: number,
): number {
  // Partitions that went to another process take their events along.
  const isAnew = settled !== memory.settled || arrived < memory.arrived;
  if (isAnew) Object.assign(memory, { settled, arrived });
  const isStuck = !isAnew && waiting > 0 && arrived > memory.arrived && halted === null;
  memory.stuckMs = isStuck ? (memory.stuckMs ?? ms) : null;
  return memory.stuckMs === null ? 0 : ms - memory.stuckMs;
}

/** For the critical one: a tenth is no single bad sender any more, and 20 events no quiet night. */
const MASS = { windowMs: 900_000, events: 20, share: 0.1, holdMs: 300_000 };

function judgeLetters(
  { id: destination, rejected, settled }: DestinationSigns,
  memory: Memory,
  { thresholds, ms }: Looking,
): Condition[] {
  const { deadLetters, deadLettersWindowMs } = thresholds;
  const some = memory.letters.within(deadLettersWindowMs, rejected, ms);
  const many = memory.manyLetters.within(MASS.windowMs, rejected, ms);
  const all = memory.outcomes.within(MASS.windowMs, settled, ms);
  const common = { name: 'BrazierDeadLetters', destination, code: null } as const;
  const kept = 'Braze does not have these events; they are kept, with the reason';
  const conditions: Condition[] = [];
  if (some >= deadLetters) {
    const summary = `Dead letters for ${destination}: ${some} within ${durationText(deadLettersWindowMs)}. ${kept}`;
    conditions.push({ ...common, severity: 'warning', summary, holdMs: 0 });
  }
  if (many > MASS.events && many > all * MASS.share) {
    const summary = `One event in ten for ${destination} becomes a dead letter (${many} within ${durationText(MASS.windowMs)}). ${kept}`;
    conditions.push({ ...common, severity: 'critical', summary, holdMs: MASS.holdMs });
  }
  return conditions;
}

interface Room {
  isLogNear: boolean;
  isLogFull: boolean;
  isDiskNear: boolean;
}

/** At 80 % there is time to act, from 95 % on it is minutes; well again a little below, so that it does not go to and fro. */
const LOG = { near: 0.8, full: 0.95, clear: 0.05 };

function judgeLog({ heldShare }: LogSigns, room: Room, { holdMs }: Thresholds): Condition[] {
  room.isLogNear = heldShare >= LOG.near - (room.isLogNear ? LOG.clear : 0);
  room.isLogFull = heldShare > LOG.full - (room.isLogFull ? LOG.clear : 0);
  const summary = `Undelivered events and dead letters hold ${percent(heldShare)} of log.maxBytes: at the cap senders are answered with 429`;
  const common = { name: 'BrazierLogNearlyFull', destination: null, code: null, summary, holdMs } as const;
  return [
    ...(room.isLogNear ? [{ ...common, severity: 'warning' } as const] : []),
    ...(room.isLogFull ? [{ ...common, severity: 'critical' } as const] : []),
  ];
}

/** Well again with a fifth more free than what is too little. */
const DISK_CLEAR = 1.2;

function judgeDisk({ freeBytes, totalBytes }: DiskSigns, room: Room, thresholds: Thresholds): Condition[] {
  const { diskFreeRatio, holdMs } = thresholds;
  const free = freeBytes / totalBytes;
  room.isDiskNear = free < diskFreeRatio * (room.isDiskNear ? DISK_CLEAR : 1);
  if (!room.isDiskNear) return [];
  const summary = `The disk with the data folder has ${percent(free)} left (${Math.round(freeBytes / 1024 ** 2)} MiB): when it is full, nothing is accepted`;
  const name = 'BrazierDiskNearlyFull';
  return [{ name, severity: 'critical', destination: null, code: null, summary, holdMs }];
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

function eventsText(events: number): string {
  return events === 1 ? '1 event waits' : `${events} events wait`;
}

function durationText(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 6_000) / 10} minutes`;
}
