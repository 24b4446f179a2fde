/** What a soak works on: the process's lives on one folder, the senders, and a proxy and a sandbox behind it. */
import { createDice } from './dice.ts';
import { createLives, type Lives } from './lives.ts';
import { type Producer, startProducer } from './producer.ts';
import { type FaultProxy, startProxy } from './proxy.ts';
import { type RunningSandbox, startSandbox } from './sandbox.ts';
import { makeFolder, type ServerFolder } from './server-process.ts';

export interface SoakRig {
  /** Of what befalls the process. */
  readonly dice: () => number;
  /** Of the weather: dice of its own, so that both throw the same again whoever is quicker. */
  readonly weatherDice: () => number;
  readonly braze: RunningSandbox;
  readonly proxy: FaultProxy;
  readonly folder: ServerFolder;
  readonly lives: Lives;
  readonly producer: Producer;
  /** How often each thing happened. */
  readonly happened: Record<string, number>;
  /** Lives that ended by SIGKILL. */
  readonly killed: Set<number>;
  /** Replies that the proxy cut, by life; at the turn of two lives they count for both. */
  readonly cut: Map<number, number>;
  /** What was seen on the way to be wrong. */
  readonly broken: string[];
  readonly tell: (line: string) => void;
}

/** Requests under way at most: what a kill may double. */
export const UNDER_WAY = 8;
/** Longer than any weather, or a busy machine, delays a reply: only one that never comes may be given up. */
const REQUEST_TIMEOUT_MS = 12_000;
const WRITE_KEY = 'canary-write-key';

/** @param cleanups what is to be called at the end, the last first */
export async function startSoakRig(
  { seed, tell = () => undefined }: { readonly seed: number; readonly tell?: (line: string) => void },
  cleanups: (() => unknown)[],
): Promise<SoakRig> {
  const [dice, weatherDice] = [createDice(seed), createDice(seed + 1)];
  const braze = await startSandbox({ keep: 10_000_000, latencyMs: 20, rateLimit: 1_000_000, seed });
  cleanups.push(braze.close);
  const proxy = await startProxy(braze.url, createDice(seed + 2));
  cleanups.push(proxy.close);
  const destination = {
    restApiKey: 'canary-rest-key',
    concurrency: { start: UNDER_WAY, max: UNDER_WAY },
    lingerMs: 10,
    identifyQuietMs: 50,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
  };
  const folder = makeFolder(proxy.url, destination, { sources: [{ id: 'shop', writeKey: WRITE_KEY }] });
  cleanups.push(folder.remove);
  const lives = createLives(folder);
  cleanups.push(() => lives.end('SIGKILL'));
  const byItself = { lanes: 0, peoplePerLane: 0, eventsPerBatch: 0 };
  const producer = startProducer({ url: () => lives.ready?.http, writeKey: WRITE_KEY, ...byItself });
  const kept = { happened: {}, killed: new Set<number>(), cut: new Map<number, number>(), broken: [] };
  return { dice, weatherDice, braze, proxy, folder, lives, producer, tell, ...kept };
}
