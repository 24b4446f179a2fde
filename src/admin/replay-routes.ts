/** `POST /replay`: what the log still holds of a time goes to one destination again. */
import express, { type Express } from 'express';
import type { Resend, ResendOptions, ResendQuery } from '../dead-letters/resend.ts';
import { fail } from './answers.ts';
import { RESEND, readMembers } from './asked.ts';

type ResendBody = Partial<ResendQuery> & ResendOptions & { readonly dryRun?: boolean };

export interface ReplayRoutes {
  readonly resend: Resend;
  /** Ids of the configured destinations. */
  readonly destinations: () => readonly string[];
}

export function addReplayRoutes(app: Express, { resend, destinations }: ReplayRoutes): void {
  app.post('/replay', express.json({ limit: '1mb' }), async (req, res) => {
    const asked = readMembers<ResendBody>(req.body, RESEND);
    if (!asked.ok) return fail(res, 400, 'invalid_body', asked.problem);
    const { destination, source, from, to, dryRun, ...options } = asked.value;
    if (destination === undefined || from === undefined || to === undefined) {
      return fail(res, 400, 'invalid_body', 'expected destination, from and to');
    }
    if (!destinations().includes(destination)) {
      return fail(res, 400, 'invalid_body', `destination: ${destination} is not configured, or detached`);
    }
    const query = { destination, from, to, ...(source !== undefined && { source }) };
    if (dryRun === true) res.json({ dryRun, ...(await resend.count(query)) });
    else res.json(await resend.send(query, options));
  });
}
