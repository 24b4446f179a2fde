/** The signs that alerts are judged by, as metrics, log and destinations have them already. */
import type { DestinationSigns, LogSigns, Signs } from '../alerts/signs.ts';
import type { Config } from '../config/config.ts';
import type { EventLog, GroupStanding } from '../log/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Destinations } from './destinations.ts';
import type { Disk } from './disk.ts';
import { heldShare } from './log-watch.ts';
import { promptly } from './promptly.ts';

export interface SignParts {
  readonly config: Pick<Config, 'log'>;
  readonly log: Pick<EventLog, 'groups' | 'stats'>;
  readonly metrics: Metrics;
  readonly destinations: Pick<Destinations, 'states' | 'publish'>;
  readonly disk: Disk;
}

/** Whoever only takes events has no destinations, and on Kafka neither log nor disk are ours: nothing is said of them. */
export async function signsOf(parts: SignParts): Promise<Signs> {
  const { config, log, disk } = parts;
  const isEmbedded = config.log.kind === 'embedded';
  return {
    destinations: await destinationSigns(parts),
    log: isEmbedded ? await logSigns(log) : null,
    disk: await disk.room(),
  };
}

async function destinationSigns({ destinations, metrics }: SignParts): Promise<DestinationSigns[]> {
  destinations.publish();
  const states = destinations.states();
  const [events, read] = await Promise.all([metrics.events.get(), metrics.eventsRead.get()]);
  return states.map(({ id, state, halted, backlog, inFlight }) => {
    const own = events.values.filter(({ labels }) => labels.destination === id);
    const sum = (values: readonly { readonly value: number }[]) =>
      values.reduce((total, { value }) => total + value, 0);
    return {
      id,
      halted: halted?.code ?? null,
      isDetached: state === 'detached',
      waiting: backlog + inFlight,
      arrived: backlog + sum(read.values.filter(({ labels }) => labels.destination === id)),
      settled: sum(own),
      rejected: sum(own.filter(({ labels }) => labels.outcome === 'rejected')),
    };
  });
}

/** A log that does not answer is told elsewhere. */
async function logSigns(log: SignParts['log']): Promise<LogSigns | 'unknown'> {
  const groups = await promptly<readonly GroupStanding[] | 'unknown'>(log.groups(), 'unknown');
  return groups === 'unknown' ? groups : { heldShare: heldShare(groups, log.stats()) };
}
