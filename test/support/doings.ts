/** What may befall the process during a soak, one after the other. */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { scrape, until } from './lives.ts';
import type { SoakRig } from './soak-rig.ts';

export type Doing = 'kill' | 'kill while it starts' | 'restart' | 'reload' | 'bad reload';

const RELOADED_WITHIN_MS = 60_000;
/** A start takes longer on a busy machine than this. */
const STARTING_MS = 400;

export async function befall(doing: Doing, rig: SoakRig): Promise<void> {
  rig.tell(doing);
  rig.happened[doing] = (rig.happened[doing] ?? 0) + 1;
  await DOINGS[doing](rig);
}

const DOINGS: Readonly<Record<Doing, (rig: SoakRig) => Promise<void>>> = {
  async kill(rig) {
    await killNow(rig);
    await rig.lives.begin();
  },
  async 'kill while it starts'(rig) {
    await killNow(rig);
    const starting = rig.lives.begin();
    starting.catch(() => undefined);
    await wait(rig.dice() * STARTING_MS);
    await killNow(rig);
    await rig.lives.begin();
  },
  async restart({ lives, broken }) {
    const code = await lives.end('SIGTERM');
    if (code !== 0) broken.push(`I7: the exit code after SIGTERM was ${code}`);
    await lives.begin();
  },
  async reload(rig) {
    const config = parse(readFileSync(rig.folder.configFile, 'utf8'));
    config.destinations[0].lingerMs = 5 + Math.floor(rig.dice() * 50);
    writeFileSync(rig.folder.configFile, stringify(config));
    await hangUp(rig, 'applied');
  },
  async 'bad reload'(rig) {
    const good = readFileSync(rig.folder.configFile, 'utf8');
    writeFileSync(rig.folder.configFile, `${good}nonsense: 1\n`);
    await hangUp(rig, 'refused');
    writeFileSync(rig.folder.configFile, good);
  },
};

async function killNow({ lives, killed }: SoakRig): Promise<void> {
  killed.add(lives.count);
  await lives.end('SIGKILL');
}

async function hangUp({ lives }: SoakRig, outcome: 'applied' | 'refused'): Promise<void> {
  const { ready } = lives;
  if (!ready) throw new Error('no process is ready');
  const reloads = async () => (await scrape(ready))('brazier_config_reloads_total', `"${outcome}"`);
  const before = await reloads();
  lives.kill('SIGHUP');
  await until(`a reload is ${outcome}`, async () => (await reloads()) > before, RELOADED_WITHIN_MS);
}
