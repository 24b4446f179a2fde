/** The dead letters over HTTP: listed, counted, shown, replayed, discarded. */
import type { Express, Response } from 'express';
import type { Selection, Wanted } from '../dead-letters/selection.ts';
import type { DeadLetters, ListQuery, ReplayOptions } from '../dead-letters/store.ts';
import { fail } from './answers.ts';
import { LIST_LETTERS, SHOW_LETTER, SUM_LETTERS } from './described-letters.ts';
import { DISCARD_LETTERS, REPLAY_LETTERS, type WantedBody } from './described-replays.ts';
import { addRoute } from './route.ts';

export function addDeadLetterRoutes(app: Express, deadLetters: DeadLetters): void {
  addRoute<ListQuery>(app, LIST_LETTERS, async (query, _req, res) => {
    res.json(await deadLetters.list(query));
  });
  addRoute<Selection>(app, SUM_LETTERS, async (selection, _req, res) => {
    res.json(await deadLetters.count(selection));
  });
  // Ids hold slashes, so they travel in the query.
  addRoute<{ readonly id: string }>(app, SHOW_LETTER, async ({ id }, _req, res) => {
    const letter = await deadLetters.show(id);
    if (letter) res.json(letter);
    else fail(res, 404, 'not_found', 'id: no such dead letter');
  });
  addRoute<WantedBody>(app, REPLAY_LETTERS, (body, _req, res) =>
    withWanted(body, res, deadLetters, (wanted, options) => deadLetters.replay(wanted, options)),
  );
  addRoute<WantedBody>(app, DISCARD_LETTERS, (body, _req, res) =>
    withWanted(body, res, deadLetters, (wanted, options) => deadLetters.discard(wanted, options)),
  );
}

type Act = (wanted: Wanted, options: ReplayOptions) => Promise<object>;

async function withWanted(
  body: WantedBody,
  res: Response,
  deadLetters: DeadLetters,
  act: Act,
): Promise<void> {
  const { limit, after, withAttributes, dryRun, ids, all: _all, ...selection } = body;
  const wanted = ids === undefined ? selection : { ids };
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
