/**
 * Notices what has something to do and does not get on, as kafkajs has left partitions after broker restarts: then the
 * process must end, and whoever supervises it starts it again.
 */

/** What must get on by itself: a partition, a join. */
export interface Task {
  /** The same in each look. */
  readonly name: string;
  /** Another value whenever it has got on, or is not to be looked after any more. */
  mark(): unknown;
  /**
   * Why there is something to do that nobody outside holds up; undefined: nothing, or it is not known. Asked only of what
   * has stood still for a quarter of the time; may ask the brokers.
   */
  behind(): Promise<string | undefined>;
}

export interface Watchdog {
  /** To be called now and then. */
  look(): Promise<void>;
}

export interface WatchdogOptions {
  now(): number;
  /** So long without getting on, with something to do. */
  readonly limitMs: number;
  /** Those of this moment; one that is not among them begins anew when it is again. */
  tasks(): readonly Task[];
  onStuck(why: string, quietMs: number): void;
}

interface Standing {
  readonly mark: unknown;
  readonly since: number;
  /** Since when there has been something to do, each time that it was asked. */
  behindSince: number | undefined;
}

/** Of the limit: how long a task stands still before anything is asked, and the time between two askings. */
const QUIET_PART = 4;
const ASK_PART = 8;

export function createWatchdog({ now, limitMs, tasks, onStuck }: WatchdogOptions): Watchdog {
  let standings = new Map<string, Standing>();
  let askedAt = Number.NEGATIVE_INFINITY;
  let isAsking = false;

  /** Those that have stood still for a while. */
  function quiet(): readonly Task[] {
    const present = tasks();
    const at = now();
    standings = new Map(
      present.map((task) => {
        const [mark, known] = [task.mark(), standings.get(task.name)];
        const stands = known && known.mark === mark ? known : { mark, since: at, behindSince: undefined };
        return [task.name, stands];
      }),
    );
    return present.filter(({ name }) => at - (standings.get(name)?.since ?? at) >= limitMs / QUIET_PART);
  }

  async function ask(task: Task): Promise<void> {
    const standing = standings.get(task.name);
    const why = await task.behind();
    if (standing === undefined || standing.mark !== task.mark()) return;
    if (why === undefined) standing.behindSince = undefined;
    else {
      standing.behindSince ??= now();
      const quietMs = now() - standing.behindSince;
      if (quietMs >= limitMs) onStuck(why, quietMs);
    }
  }

  return {
    async look() {
      const suspects = quiet();
      if (isAsking || suspects.length === 0 || now() - askedAt < limitMs / ASK_PART) return;
      [isAsking, askedAt] = [true, now()];
      try {
        await Promise.all(suspects.map(ask));
      } finally {
        isAsking = false;
      }
    },
  };
}
