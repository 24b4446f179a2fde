/** Delivery as the pipeline sees it: operations in, final outcomes out. */
import type { BrazeClient } from '../braze/client.ts';
import type { Packing } from '../braze/requests.ts';
import type { Operation } from '../model/operation.ts';
import type { FinalOutcome, Rejected } from '../model/outcome.ts';
import type { Clock } from '../model/time.ts';
import type { Attempt, Sent } from './attempt.ts';
import type { Halt } from './gate.ts';
import type { Rate } from './pacer.ts';

export interface DeliveryOptions<Owner> {
  readonly client: BrazeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly rateLimit: Rate;
  readonly concurrency: { readonly start: number; readonly max: number };
  readonly packing: Packing;
  readonly lingerMs: number;
  readonly identifyQuietMs: number;
  readonly poisonAfterMs: number;
  /** First wait of a halted request before it probes; default 5 s. */
  readonly firstProbeMs?: number;
  /** Takes final outcomes; resolves when they are durable. Only then their persons and the slot are free again. */
  readonly settle: (sent: Sent<Owner>, outcomes: readonly FinalOutcome[]) => Promise<void>;
  /** A request is about to leave for the first time; it waits for what is returned. */
  readonly leaving?: (sent: Sent<Owner>) => Promise<void> | undefined;
  /** The outcome of what has grown too old to be sent; undefined while it has not. */
  readonly expired?: (owner: Owner) => Rejected | undefined;
  /** Events and purchases whose reply was lost become dead letters instead of going again. Default false. */
  readonly holdUncertain?: boolean;
  /** Operations have left, or are done and their persons have room for more. */
  readonly onRoom?: () => void;
  /** Of each attempt, the last of those that `sent` knows. */
  readonly observe: (attempt: Attempt, sent: Sent<Owner>) => void;
  readonly onHalt: (halt: Halt | undefined) => void;
  /** A bug: the sender threw although nothing was aborted. */
  readonly onError: (error: unknown) => void;
}

export interface Delivery<Owner> {
  /** Queues one record's operations, in order. */
  add(operations: readonly Operation[], owner: Owner): void;
  /** Operations of one identity that are not done. */
  queuedOf(key: string): number;
  /** As much may go as the requests under way carry together: what is read beyond that would only fill the memory. */
  readonly hasPlenty: boolean;
  readonly halted: Halt | undefined;
  /** Requests under way, and operations not yet done. */
  readonly running: number;
  readonly queued: number;
  /** Nothing new is sent from now on, nor again; resolves when the calls under way have ended. */
  drain(): Promise<void>;
  /** Ends everything at once; what is under way stays unsettled. */
  abort(): void;
}
