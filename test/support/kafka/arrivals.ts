/** When the producer's events arrived at the sandbox for the first time. */
import type { Sandbox } from '../../../src/sandbox/server.ts';

/** ms since the epoch by the event's id; of what Braze took. */
export function arrivalsIn(sandbox: Pick<Sandbox, 'requests'>): Map<string, number> {
  const arrivals = new Map<string, number>();
  for (const { body, status, at } of sandbox.requests()) {
    if (status !== 201) continue;
    for (const [, id = ''] of JSON.stringify(body).matchAll(/"(?:id|product_id)":"([^"]+\/\d+)"/g)) {
      if (!arrivals.has(id)) arrivals.set(id, Date.parse(at));
    }
  }
  return arrivals;
}
