/** What became of an event, and what may have counted twice, over HTTP. */
import type { Express } from 'express';
import type { DoubtfulQuery } from '../explain/doubtful.ts';
import type { Explain, ExplainQuery } from '../explain/explain.ts';
import { EXPLAIN_EVENT, LIST_DOUBTFUL } from './described-explain.ts';
import { addRoute } from './route.ts';

export function addExplainRoutes(app: Express, explain: Explain): void {
  addRoute<ExplainQuery>(app, EXPLAIN_EVENT, async (query, _req, res) => {
    // Who hangs up needs no answer: the search ends.
    const gone = new AbortController();
    res.on('close', () => gone.abort());
    res.json(await explain.event(query, gone.signal));
  });
  addRoute<DoubtfulQuery>(app, LIST_DOUBTFUL, async (query, _req, res) => {
    res.json(await explain.doubtful(query));
  });
}
