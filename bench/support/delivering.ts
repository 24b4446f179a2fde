/** One round of a delivery: what came out at the sink in a time, and what the server used for it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Rig } from './rig.ts';
import type { Server } from './server.ts';
import type { Sink } from './sink.ts';

export interface Delivered {
  readonly objects: number;
  readonly requests: number;
  readonly seconds: number;
  readonly serverMicros: number;
  readonly sinkMicros: number;
}

/** Everything that has been counted up to now. */
async function stand(server: Server, sink: Sink) {
  const { objects, requests, cpuMicros } = await sink.counts();
  return {
    objects,
    requests,
    sinkMicros: cpuMicros,
    serverMicros: server.cpuMicros(),
    ms: performance.now(),
  };
}

/** @param until ends the round when it resolves */
export async function measureDelivery(
  server: Server,
  sink: Sink,
  until: () => Promise<unknown>,
): Promise<Delivered> {
  const before = await stand(server, sink);
  await until();
  const after = await stand(server, sink);
  return {
    objects: after.objects - before.objects,
    requests: after.requests - before.requests,
    seconds: (after.ms - before.ms) / 1000,
    serverMicros: after.serverMicros - before.serverMicros,
    sinkMicros: after.sinkMicros - before.sinkMicros,
  };
}

/** Resolves when so many more objects have come to the sink. */
export async function untilDelivered(sink: Sink, objects: number): Promise<void> {
  return untilObjects(sink, (await sink.counts()).objects + objects);
}

/** Resolves when so many objects have come to the sink in all. Rejects when none comes for a minute. */
export async function untilObjects(sink: Sink, total: number): Promise<void> {
  let [last, movedAt] = [-1, performance.now()];
  for (;;) {
    const { objects: count } = await sink.counts();
    if (count >= total) return;
    if (count !== last) [last, movedAt] = [count, performance.now()];
    if (performance.now() - movedAt > 60_000) throw new Error(`nothing more came after ${count} objects`);
    await wait(20);
  }
}

/** Resolves after so many seconds, or when no more than `left` of the backlog is left to come. */
export async function whileBacklog({ backlog }: Rig, seconds: number, left = 50_000): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end && (await backlog()) > left) await wait(20);
}

export function microsPerObject({ serverMicros, objects }: Delivered): number {
  return serverMicros / objects;
}

export function objectsPerSecond({ objects, seconds }: Delivered): number {
  return objects / seconds;
}

/** CPU time by wall time. */
export function coresOf({ serverMicros, seconds }: Delivered): number {
  return serverMicros / seconds / 1e6;
}
