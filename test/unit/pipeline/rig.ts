/** A pipeline over the log in memory, with a delivery that the test answers for. */

import type { Queued } from '../../../src/delivery/queue.ts';
import { createTrace } from '../../../src/delivery/trace.ts';
import type { EventLog } from '../../../src/log/log.ts';
import { createMemoryLog, type MemoryLogOptions } from '../../../src/log/memory-log.ts';
import { createLinkMemory } from '../../../src/memory/links.ts';
import { createMemory } from '../../../src/memory/memory.ts';
import type { Operation } from '../../../src/model/operation.ts';
import { DELIVERED, type FinalOutcome, filtered } from '../../../src/model/outcome.ts';
import { EVENTS_TOPIC, type RecordHeaders } from '../../../src/model/record.ts';
import { systemClock } from '../../../src/model/time.ts';
import type { TransformResult } from '../../../src/model/transform.ts';
import { createJournal } from '../../../src/pipeline/journal.ts';
import type { Passage } from '../../../src/pipeline/passage.ts';
import { createPipeline, type PipelineOptions } from '../../../src/pipeline/pipeline.ts';
import { createProgressWriter } from '../../../src/pipeline/progress-writer.ts';
import { createRouter } from '../../../src/pipeline/routing.ts';
import { createTally } from '../../../src/pipeline/tally.ts';
import { createWindow } from '../../../src/pipeline/window.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { operation } from '../../support/operations.ts';

export const HEADERS: RecordHeaders = { source: 'shop', receivedAt: '2026-11-22T12:00:00.000Z' };

export interface RigOptions
  extends Partial<Pick<PipelineOptions, 'window' | 'memory' | 'holdUncertain' | 'clock'>> {
  readonly log?: EventLog;
  readonly state?: MemoryLogOptions['state'];
  readonly transform?: PipelineOptions['plan']['transform'];
  /** What delivery would count on top of what the test holds. */
  readonly alsoQueued?: (key: string) => number;
  /** That enough stands ready in delivery; default never. */
  readonly hasPlenty?: () => boolean;
}

export async function rig({
  state,
  log = createMemoryLog(state ? { state } : {}),
  ...options
}: RigOptions = {}) {
  await log.attach([{ group: 'braze', start: 'beginning' }]);
  const metrics = createMetrics({ version: 'test' }, { processMetrics: false });
  const tally = createTally(metrics, 'braze');
  const reading = new AbortController();
  const errors: unknown[] = [];
  const warnings: string[] = [];
  const waiting: Queued<Passage>[] = [];
  const doubts: number[] = [];
  const gone: number[] = [];
  const hold = options.holdUncertain ?? false;
  const journal = createJournal({
    log,
    group: 'braze',
    clock: systemClock,
    hold,
    signal: reading.signal,
    onDoubt: (count) => doubts.push(count),
    onError: (error) => errors.push(error),
  });
  const pipeline = createPipeline({
    journal,
    holdUncertain: hold,
    onDoubts: (count) => doubts.push(count),
    onGone: (count) => gone.push(count),
    onRejected: () => undefined,
    onWarning: ({ code }) => warnings.push(code),
    memory:
      options.memory ??
      createMemory({ links: createLinkMemory({ linkCall: 'identify' }), onClose: () => undefined }),
    log,
    plan: {
      destination: 'braze',
      wants: (source) => source === 'shop',
      route: createRouter({}),
      transform: options.transform ?? transformByName,
    },
    window: options.window ?? createWindow({ records: 100, bytes: 1_000_000 }),
    progress: createProgressWriter({
      log,
      group: 'braze',
      clock: systemClock,
      signal: reading.signal,
      onDiskFull: () => undefined,
    }),
    tally,
    clock: options.clock ?? systemClock,
    onError: (error) => errors.push(error),
  });
  const add = (operations: readonly Operation[], owner: Passage) => {
    for (const each of operations) waiting.push({ operation: each, owner, addedAt: 0 });
  };
  const queuedOf = (key: string) =>
    waiting.filter(({ operation: { keys } }) => keys.includes(key)).length + (options.alsoQueued?.(key) ?? 0);
  const delivery = {
    add,
    queuedOf,
    get hasPlenty() {
      return options.hasPlenty?.() ?? false;
    },
  };
  const running = pipeline.run(delivery, reading.signal);
  return {
    log,
    pipeline,
    running,
    waiting,
    errors,
    /** Codes of what the memory found. */
    warnings,
    journal,
    doubts,
    /** Parked events that the log held no longer, each time. */
    gone,
    /** As delivery does: the request has left and is under way. */
    send(items: readonly Queued<Passage>[]) {
      const operations = items.map((item) => item.operation);
      const trace = createTrace('/users/track', operations);
      const sent = { endpoint: '/users/track', items, trace } as const;
      const leaving = journal.leaving(sent);
      return {
        leaving,
        trace,
        async settle(outcome: (operation: Operation) => FinalOutcome = () => DELIVERED) {
          await pipeline.settle(sent, operations.map(outcome));
          pipeline.resume();
        },
      };
    },
    /** Settles everything that waits; `outcome` by operation, default delivered. */
    async settleAll(outcome: (operation: Operation) => FinalOutcome = () => DELIVERED) {
      await this.send(waiting.splice(0)).settle(outcome);
    },
    async stop() {
      reading.abort();
      await running;
    },
    /** The values of a metric by the label that tells them apart. */
    async counts(
      name: 'eventsRead' | 'events' | 'eventsFiltered' | 'deadLetters' | 'operationsLeftOut',
      label: string,
    ) {
      tally.publish();
      const { values } = await metrics[name].get();
      return Object.fromEntries(
        values.map(({ labels, value }) => [(labels as Record<string, string>)[label], value]),
      );
    },
  };
}

export function append(log: EventLog, events: readonly object[], headers: Partial<RecordHeaders> = {}) {
  const records = events.map((event) => ({
    key: 'k',
    value: Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)),
    headers: { ...HEADERS, ...headers },
    timestamp: 1_000,
  }));
  return log.append(EVENTS_TOPIC, records);
}

export const track = (event: string, more: object = {}) => ({ type: 'track', userId: 'kim', event, ...more });

/** `skip` is filtered, `throw` throws, `empty` has no operations, `many` becomes an event and two purchases, all else one event. */
function transformByName({ event }: { readonly event?: unknown }): TransformResult {
  if (event === 'skip') return filtered('nothing_to_send', 'test');
  if (event === 'throw') throw new TypeError('a bug');
  if (event === 'empty') return { status: 'operations', operations: [], warnings: [] };
  const operations = [operation('event', 'external_id:kim')];
  if (event === 'many')
    operations.push(
      ...[0, 1].map((at) => ({ ...operation('purchase', 'external_id:kim'), part: `purchase:${at}` })),
    );
  if (event === 'large')
    return {
      status: 'operations',
      operations: [operation('event', 'k', `"${'x'.repeat(110_000)}"`)],
      warnings: [],
    };
  return { status: 'operations', operations, warnings: [] };
}
