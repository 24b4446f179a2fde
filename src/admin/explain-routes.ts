/** What became of an event, and what may have counted twice, over HTTP. */
import type { Express } from 'express';
import type { DoubtfulQuery } from '../explain/doubtful.ts';
import type { Explain, ExplainQuery } from '../explain/explain.ts';
import { fail } from './answers.ts';
import { DOUBTFUL, EXPLAIN, readMembers } from './asked.ts';

const LIMIT = 20;

export function addExplainRoutes(app: Express, explain: Explain): void {
  app.get('/explain', async (req, res) => {
    const asked = readMembers<Partial<ExplainQuery>>(req.query, EXPLAIN);
    if (!asked.ok) return fail(res, 400, 'invalid_query', asked.problem);
    const { messageId = '' } = asked.value;
    if (messageId === '') return fail(res, 400, 'invalid_query', 'messageId: expected text');
    // Who hangs up needs no answer: the search ends.
    const gone = new AbortController();
    res.on('close', () => gone.abort());
    res.json(await explain.event({ ...asked.value, messageId }, gone.signal));
  });
  app.get('/explain/doubtful', async (req, res) => {
    const asked = readMembers<Partial<DoubtfulQuery>>(req.query, DOUBTFUL);
    if (!asked.ok) return fail(res, 400, 'invalid_query', asked.problem);
    res.json(await explain.doubtful({ ...asked.value, limit: asked.value.limit ?? LIMIT }));
  });
}
