/** The destinations over HTTP: how each stands, and letting go of one that holds the log, or taking it on again. */
import type { Express } from 'express';
import { fail } from './answers.ts';
import { ATTACH, DETACH, LIST_DESTINATIONS } from './described-destinations.ts';
import { addRoute } from './route.ts';

export interface DestinationState {
  readonly id: string;
  /** `stopped`: no server runs. */
  readonly state: 'running' | 'halted' | 'detached' | 'stopped';
  readonly halted: { readonly code: string; readonly message: string } | null;
  /** Events in the log that it has not read; of a detached one 0. */
  readonly backlog: number;
  /** Events read and without a final outcome. */
  readonly inFlight: number;
  /** Those of them whose person has more queued than is held in memory for one. */
  readonly parked: number;
  readonly requestsRunning: number;
}

/** With what the log knows of it. */
export interface DestinationListing extends DestinationState {
  /** Events without a durable final outcome. */
  readonly unsettled: number;
  /** About what the log must keep for them. */
  readonly heldBytes: number;
  /** Of the oldest of them; null without any. */
  readonly oldestAgeSeconds: number | null;
}

export interface DestinationActs {
  list(): Promise<readonly DestinationListing[]>;
  /** Resolves, when it is durable, with how many events are let go of. */
  detach(id: string): Promise<ActResult>;
  /** It begins at the log's end. */
  attach(id: string): Promise<ActResult>;
}

export type ActResult =
  | { readonly ok: true; readonly id: string; readonly events: number }
  /** It is not configured, or stands so already. */
  | { readonly ok: false; readonly reason: 'unknown' | 'already' };

export function addDestinationRoutes(app: Express, acts: DestinationActs): void {
  addRoute(app, LIST_DESTINATIONS, async (_asked, _req, res) => {
    res.json({ destinations: await acts.list() });
  });
  for (const [act, route] of [
    ['detach', DETACH],
    ['attach', ATTACH],
  ] as const) {
    addRoute(app, route, async (_asked, req, res) => {
      const result = await acts[act](String(req.params.id));
      if (result.ok) res.json({ id: result.id, events: result.events });
      else if (result.reason === 'unknown') fail(res, 404, 'not_found', 'no such destination');
      else fail(res, 409, 'already_done', `the destination is ${act}ed already`);
    });
  }
}
