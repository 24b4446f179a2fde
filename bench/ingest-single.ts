/**
 * Accepting single events durably: 50 senders, each with one event under way.
 *
 * `npm run bench -- ingest-single [--rounds 5] [--events 20000]`
 */
import { CONNECTIONS, compareIngest } from './support/ingest-rounds.ts';
import { numbersOf } from './support/options.ts';
import { report } from './support/report.ts';

const sizes = numbersOf({ rounds: 5, events: 20_000 });
report({
  name: 'ingest-single',
  setting: `events of 1 KB one at a time over ${CONNECTIONS} connections, durable; ${sizes.rounds} rounds of ${sizes.events.toLocaleString('en')} events`,
  reference: 'node:http that parses, stringifies and appends to the same log; the ratio is by CPU',
  rows: [await compareIngest({ what: 'single event', load: { path: '/v1/track', events: null } }, sizes)],
});
