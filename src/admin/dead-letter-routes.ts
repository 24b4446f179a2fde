/** The dead letters over HTTP: listed, counted, shown, replayed, discarded. */
import express, { type Express, type Request, type Response } from 'express';
import type { Selection, Wanted } from '../dead-letters/selection.ts';
import type { DeadLetters, ListQuery, ReplayOptions } from '../dead-letters/store.ts';
import { fail } from './answers.ts';
import { type Asked, LIST, readMembers, SELECTION, WANTED, wantedOf } from './asked.ts';

const LIMIT = 100;

type WantedBody = Selection &
  ReplayOptions & { readonly ids?: readonly string[]; readonly all?: boolean; readonly dryRun?: boolean };

export function addDeadLetterRoutes(app: Express, deadLetters: DeadLetters): void {
  const body = express.json({ limit: '1mb' });
  app.get('/dead-letters', async (req, res) => {
    const asked = readMembers<ListQuery>(req.query, LIST);
    if (asked.ok) res.json(await deadLetters.list({ ...asked.value, limit: asked.value.limit ?? LIMIT }));
    else fail(res, 400, 'invalid_query', asked.problem);
  });
  app.get('/dead-letters/summary', async (req, res) => {
    const asked = readMembers<Selection>(req.query, SELECTION);
    if (asked.ok) res.json(await deadLetters.count(asked.value));
    else fail(res, 400, 'invalid_query', asked.problem);
  });
  // Ids hold slashes, so they travel in the query.
  app.get('/dead-letter', async (req, res) => {
    const letter = await deadLetters.show(String(req.query.id ?? ''));
    if (letter) res.json(letter);
    else fail(res, 404, 'not_found', 'id: no such dead letter');
  });
  app.post('/dead-letters/replay', body, (req, res) =>
    withWanted(req, res, deadLetters, (wanted, options) => deadLetters.replay(wanted, options)),
  );
  app.post('/dead-letters/discard', body, (req, res) =>
    withWanted(req, res, deadLetters, (wanted, options) => deadLetters.discard(wanted, options)),
  );
}

type Act = (wanted: Wanted, options: ReplayOptions) => Promise<object>;

async function withWanted(req: Request, res: Response, deadLetters: DeadLetters, act: Act): Promise<void> {
  const asked: Asked<WantedBody> = readMembers(req.body, WANTED);
  if (!asked.ok) return fail(res, 400, 'invalid_body', asked.problem);
  const { limit, after, withAttributes, dryRun, ...rest } = asked.value;
  const wanted = wantedOf(rest);
  if (wanted === undefined) {
    return fail(
      res,
      400,
      'invalid_body',
      'expected {"ids":[…]} or {"all":true} or a filter like {"destination":"…"}',
    );
  }
  if (dryRun === true) {
    res.json({ dryRun, ...(await deadLetters.count(wanted)) });
    return;
  }
  const options = {
    ...(limit !== undefined && { limit }),
    ...(after !== undefined && { after }),
    ...(withAttributes !== undefined && { withAttributes }),
  };
  res.json(await act(wanted, options));
}
