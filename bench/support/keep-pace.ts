/** A load as fast as it is answered that yet never runs away from what comes out at the other end: so both go on at once for as long as one likes. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Load } from './load.ts';
import type { Sink } from './sink.ts';

/** Twice what the server takes in without having delivered it: it never waits for the load. */
const AHEAD = 40_000;
const LOOK_MS = 20;

/** Nothing may be under way. Resolves when the load runs, with what pauses it and waits until everything has come out. */
export async function keepPace(load: Load, sink: Sink): Promise<() => Promise<void>> {
  const [{ accepted }, { objects }] = [await load.counts(), await sink.counts()];
  const goal = async () => (await sink.counts()).objects - objects + accepted;
  let isOver = false;
  await load.run(null, (await goal()) + AHEAD);
  const follow = async () => {
    while (!isOver) {
      await load.upTo((await goal()) + AHEAD);
      await wait(LOOK_MS);
    }
  };
  const following = follow();
  return async () => {
    isOver = true;
    await following;
    await load.pause();
    const total = (await load.counts()).accepted;
    while ((await goal()) < total) await wait(LOOK_MS);
  };
}

/** Events that are not measured: the compiler's time is nobody's. Fewer on a machine that is slow now. */
const WARM = { events: 60_000, ms: 15_000 };

/** Both ends at work for a while. */
export async function warmUp(load: Load, sink: Sink): Promise<void> {
  const { objects } = await sink.counts();
  const end = await keepPace(load, sink);
  const until = performance.now() + WARM.ms;
  while (performance.now() < until && (await sink.counts()).objects < objects + WARM.events)
    await wait(LOOK_MS);
  await end();
}
