/** `POST /replay`: what the log still holds of a time goes to one destination again. */
import type { Express } from 'express';
import type { Resend } from '../dead-letters/resend.ts';
import { fail } from './answers.ts';
import { RESEND_EVENTS, type ResendBody } from './described-replays.ts';
import { addRoute } from './route.ts';

export interface ReplayRoutes {
  readonly resend: Resend;
  /** Ids of the configured destinations. */
  readonly destinations: () => readonly string[];
}

export function addReplayRoutes(app: Express, { resend, destinations }: ReplayRoutes): void {
  addRoute<ResendBody>(app, RESEND_EVENTS, async (body, _req, res) => {
    const { destination, source, from, to, dryRun, ...options } = body;
    if (!destinations().includes(destination)) {
      return fail(res, 400, 'invalid_body', `destination: ${destination} is not configured, or detached`);
    }
    const query = { destination, from, to, ...(source !== undefined && { source }) };
    if (dryRun === true) res.json({ dryRun, ...(await resend.count(query)) });
    else res.json(await resend.send(query, options));
  });
}
