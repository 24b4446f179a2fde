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
  /**
   * So long without getting on, with something to do each time that it was asked. It begins when the task last got on;
   * where there was nothing to do then, when it is found to have something, which takes an eighth of it.
   */
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
  wasAsked: boolean;
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
        const stands =
          known && known.mark === mark ? known : { mark, since: at, behindSince: undefined, wasAsked: false };
        return [task.name, stands];
      }),
    );
    return present.filter(({ name }) => at - (standings.get(name)?.since ?? at) >= limitMs / QUIET_PART);
  }

  /** Until it was asked first it is taken to have had something to do, for as long as it takes until its turn comes. */
  function beginning({ since, wasAsked }: Standing): number {
    return wasAsked ? now() : Math.max(since, now() - limitMs / QUIET_PART - limitMs / ASK_PART);
  }

  const isOverdue = ({ name }: Task): boolean => {
    const behindSince = standings.get(name)?.behindSince;
    return behindSince !== undefined && now() - behindSince >= limitMs;
  };

  async function ask(task: Task): Promise<void> {
    const standing = standings.get(task.name);
    const why = await task.behind();
    if (standing === undefined || standing.mark !== task.mark()) return;
    const behindSince = why === undefined ? undefined : (standing.behindSince ?? beginning(standing));
    [standing.behindSince, standing.wasAsked] = [behindSince, true];
    if (why === undefined || behindSince === undefined || now() - behindSince < limitMs) return;
    onStuck(why, now() - behindSince);
    // Told once, and once more when it is still so after that time.
    standing.behindSince = undefined;
  }

  return {
    async look() {
      const suspects = quiet();
      if (isAsking || suspects.length === 0) return;
      // What is overdue is not left to its turn: the limit is what it says.
      if (now() - askedAt < limitMs / ASK_PART && !suspects.some(isOverdue)) return;
      [isAsking, askedAt] = [true, now()];
      try {
        await Promise.all(suspects.map(ask));
      } finally {
        isAsking = false;
      }
    },
  };
}
