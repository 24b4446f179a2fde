/** Registers a route by its description: what it is asked is read by the schemas that are described. */
import express, { type Express, type Request, type Response } from 'express';
import type { RouteDescription } from '../openapi/route.ts';
import { fail } from './answers.ts';
import { createQueryReader, createReader } from './asked.ts';

/** @param asked the body, or else the query, as its schema says; nothing where neither is described */
export type Handle<Asked> = (asked: Asked, req: Request, res: Response) => void | Promise<void>;

export function addRoute<Asked = undefined>(
  app: Express,
  route: RouteDescription,
  handle: Handle<Asked>,
): void {
  const path = expressPath(route.path);
  if (route.body !== undefined) {
    const read = createReader<Asked>(route.body.schema);
    // Whatever the client calls its body, it is JSON: curl calls it a form.
    app[route.method](path, express.json({ limit: '1mb', type: () => true }), async (req, res) => {
      const asked = read(req.body);
      if (asked.ok) await handle(asked.value, req, res);
      else fail(res, 400, 'invalid_body', asked.problem);
    });
    return;
  }
  const read = route.query && createQueryReader<Asked>(route.query);
  app[route.method](path, async (req, res) => {
    const asked = read?.(req.query);
    if (asked === undefined) await handle(undefined as Asked, req, res);
    else if (asked.ok) await handle(asked.value, req, res);
    else fail(res, 400, 'invalid_query', asked.problem);
  });
}

/** Answers what comes to the paths of these routes under another method; to be called after all were added. */
export function refuseOtherMethods(app: Express, routes: readonly RouteDescription[]): void {
  for (const [path, those] of Map.groupBy(routes, (route) => route.path)) {
    const methods = those.map(({ method }) => (method === 'get' ? 'GET, HEAD' : method.toUpperCase()));
    app.route(expressPath(path)).all((_req, res) => {
      res.set('allow', methods.join(', '));
      fail(res, 405, 'method_not_allowed', `this path takes ${methods.join(', ')}`);
    });
  }
}

function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
