/**
 * Accepting batches durably, plain and compressed.
 *
 * `npm run bench -- ingest-batch [--rounds 5] [--events 100000]`
 */
import { CONNECTIONS, compareIngest } from './support/ingest-rounds.ts';
import { EVENTS_PER_BATCH } from './support/load.ts';
import { numbersOf } from './support/options.ts';
import { report } from './support/report.ts';

const sizes = numbersOf({ rounds: 5, events: 100_000 });
report({
  name: 'ingest-batch',
  setting: `batches of ${EVENTS_PER_BATCH} events of 1 KB over ${CONNECTIONS} connections, durable; ${sizes.rounds} rounds of ${sizes.events.toLocaleString('en')} events`,
  reference: 'node:http that parses, stringifies each event and appends to the same log; the ratio is by CPU',
  rows: [
    await compareIngest({ what: 'batch of 50', load: {} }, sizes),
    await compareIngest({ what: 'batch of 50, gzip', load: { isGzip: true } }, sizes),
  ],
});
