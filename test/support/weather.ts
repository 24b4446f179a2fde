/** What a Braze and a network may be like for some seconds, each kind with its own faults. */
import { setTimeout as wait } from 'node:timers/promises';
import type { FaultRule } from '../../src/sandbox/server.ts';
import type { ProxyFault } from './proxy.ts';
import type { SoakRig } from './soak-rig.ts';

interface Weather {
  readonly name: string;
  /** Of the sandbox. */
  readonly faults?: readonly FaultRule[];
  /** Of the proxy before it. */
  readonly strike?: (dice: () => number) => ProxyFault;
}

/** Below what the process waits for a reply, so that nothing but `never answers` is given up. */
const SLOW_MS = 1_000;

/** The share of the weathers that are none. */
const CALM = 0.25;

const WEATHERS: readonly Weather[] = [
  { name: '429 storm', faults: [{ do: { status: 429, headers: { 'retry-after': '1' } } }] },
  { name: '429 without headers', faults: [{ probability: 0.3, do: { status: 429 } }] },
  { name: '5xx storm', faults: [{ do: { status: 503 } }] },
  { name: '5xx now and then', faults: [{ probability: 0.2, do: { status: 500 } }] },
  { name: 'slow', faults: [{ probability: 0.5, do: { delayMs: SLOW_MS } }] },
  { name: 'slow replies', faults: [{ probability: 0.5, do: { trickleMs: SLOW_MS } }] },
  { name: 'never answers', faults: [{ times: 2, do: { hang: true } }] },
  { name: 'reset before it is read', faults: [{ probability: 0.3, do: { reset: 'before' } }] },
  { name: 'reply lost', faults: [{ probability: 0.2, do: { reset: 'after' } }] },
  {
    name: 'reset within the request',
    strike: (dice) => ({ kind: 'resetRequest', afterBytes: Math.floor(dice() * 400) }),
  },
  {
    name: 'reset within the reply',
    strike: (dice) => ({ kind: 'resetReply', afterBytes: 1 + Math.floor(dice() * 150) }),
  },
  { name: 'idle connections closed', strike: () => ({ kind: 'closeReused' }) },
];

/** Each weather lasts from one to five seconds. */
export async function turnWeather(
  { weatherDice: dice, braze, proxy, happened, lives, cut, tell }: SoakRig,
  isOver: () => boolean,
) {
  while (!isOver()) {
    const drawn = dice() < CALM ? undefined : WEATHERS[Math.floor(dice() * WEATHERS.length)];
    const { name, faults = [], strike } = drawn ?? { name: 'calm' };
    const [life, cutBefore] = [lives.count, proxy.uncertain];
    if (name !== 'calm') tell(name);
    happened[name] = (happened[name] ?? 0) + 1;
    braze.sandbox.addFaults(faults);
    if (strike) proxy.strike(strike(dice), { probability: 0.2 });
    await wait(1_000 + dice() * 4_000);
    braze.sandbox.clearFaults();
    proxy.heal();
    for (let each = life; each <= lives.count; each += 1) {
      cut.set(each, (cut.get(each) ?? 0) + proxy.uncertain - cutBefore);
    }
  }
}
