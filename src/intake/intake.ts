/**
 * Events from users' own topics into the log, where their producers do not keep a person's order, or write many events as
 * one record. A record is committed only when every event of it is in the log, or its dead letter is: after a crash it is
 * read again, and the guard knows its events.
 */
import type { EventLog, Member } from '../log/log.ts';
import type { TopicOwners } from '../model/subscription.ts';
import type { Clock } from '../model/time.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracing.ts';
import { INTAKE_LIMITS, type IntakeLimits, intakeLimitsFor } from './limits.ts';
import { type Run, startRun } from './run.ts';
import type { IntakeSession, OpenIntakeSession } from './session.ts';
import { createStore } from './store.ts';
import { createTake } from './take.ts';
import { traced } from './traced.ts';

export interface IntakeParts {
  readonly owners: Pick<TopicOwners, 'of'>;
  /** Joins the group that reads the topics which are not read directly. */
  readonly openSession: OpenIntakeSession;
  readonly log: Pick<EventLog, 'append' | 'maxValueBytes'>;
  /** Default `INTAKE_LIMITS`. */
  readonly limits?: IntakeLimits;
  readonly metrics: Metrics;
  /** Without one nothing is traced. */
  readonly tracer?: Pick<Tracer, 'processed'> | undefined;
  readonly logger: Pick<Logger, 'warn'>;
  readonly clock: Pick<Clock, 'epochMs' | 'delay'>;
  /** 0 ≤ random() < 1 */
  readonly random: () => number;
  /** A bug has ended it: the process must end, or nothing is read any more. */
  readonly onFatal: (error: Error) => void;
}

export interface Intake {
  /** Joins the group; reading begins when it is assigned partitions. To be called once. Rejects when it cannot join. */
  start(): Promise<void>;
  /** Reads no more, brings what is under way into the log until the deadline, and leaves the group. */
  drain(deadline: AbortSignal): Promise<void>;
  /** Leaves the group at once. */
  abort(): Promise<void>;
}

export function openIntake(parts: IntakeParts): Intake {
  const { clock } = parts;
  const limits = intakeLimitsFor(parts.limits ?? INTAKE_LIMITS, parts.log);
  const take = createTake(limits, () => clock.epochMs());
  const store = traced(createStore({ ...parts, limits, pause: pauseBy(clock) }), parts.tracer, () =>
    clock.epochMs(),
  );
  const session = Promise.withResolvers<IntakeSession>();
  let run: Run | undefined;
  let isOver = false;

  function begin(): Run {
    const onError = (error: unknown) =>
      parts.onFatal(error instanceof Error ? error : new Error(String(error)));
    return startRun({ ...parts, session: session.promise, take, store, limits, onError });
  }

  async function end(deadline: AbortSignal): Promise<void> {
    const ending = run;
    await ending?.stop(deadline);
    if (run === ending) run = undefined;
  }

  const member: Member = {
    assign() {
      if (isOver) return;
      // Without a revocation before it there is nothing to wait for: what the old run had is lost.
      void run?.stop(AbortSignal.abort());
      run = begin();
    },
    revoke: end,
  };

  async function leave(deadline: AbortSignal): Promise<void> {
    isOver = true;
    await end(deadline);
    await opened?.then(
      (joined) => joined.leave(),
      () => undefined,
    );
  }

  let opened: Promise<IntakeSession> | undefined;
  return {
    async start() {
      opened = Promise.resolve(parts.openSession(member));
      try {
        session.resolve(await opened);
      } catch (error) {
        await end(AbortSignal.abort());
        throw error;
      }
    },
    drain: leave,
    abort: () => leave(AbortSignal.abort()),
  };
}

function pauseBy(clock: Pick<Clock, 'delay'>) {
  return async (ms: number, signal: AbortSignal): Promise<void> => {
    try {
      await clock.delay(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };
}
