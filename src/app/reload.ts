/**
 * Reads the configuration again while the process runs. A file with any fault is refused whole, and the old configuration
 * stays; so is one that changes what was fixed at the start.
 */
import type { LoadedConfig } from '../config/check-written.ts';
import type { Config } from '../config/config.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import { secretsOf } from '../config/secrets.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { TurnsClosed } from './turns.ts';

export interface ReloadParts {
  readonly config: Config;
  /** Takes over sources and destinations; resolves with the names of what has changed. */
  readonly adopt: (config: Config) => Promise<readonly string[]>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'configReloads' | 'configReloadedAt'>;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Reads by `load` and takes over what was read. Never rejects: what became of it is in the log and in the metrics. */
export type Reload = (load: () => LoadedConfig) => Promise<void>;

/** Asked while it is busy it reads once more afterwards, however often it was asked. */
export function createReload(parts: ReloadParts): Reload {
  const { metrics, now, logger } = parts;
  let { config } = parts;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  metrics.configReloadedAt.set(now() / 1000);
  for (const outcome of ['applied', 'refused', 'failed']) metrics.configReloads.inc({ outcome }, 0);

  async function reload(load: () => LoadedConfig): Promise<void> {
    next = undefined;
    const outcome = await takeOver(load).catch((error: unknown) => {
      logger.error('not reloaded: the old configuration stays', { code: 'config_not_applied', err: error });
      return 'failed' as const;
    });
    metrics.configReloads.inc({ outcome });
    if (outcome === 'applied') metrics.configReloadedAt.set(now() / 1000);
  }

  async function takeOver(load: () => LoadedConfig): Promise<'applied' | 'refused'> {
    const loaded = load();
    if (!loaded.ok) return refuse(loaded.problems.map(problemLine), logger);
    const fixed = changedFixedKeys(config, loaded.config);
    if (fixed.length > 0) return refuse(fixed.map(fixedLine), logger);
    logger.redact(secretsOf(loaded.config));
    for (const warning of loaded.warnings) logger.warn(`configuration: ${warning}`);
    try {
      const changed = await parts.adopt(loaded.config);
      config = loaded.config;
      logger.info('configuration reloaded', { changed });
      return 'applied';
    } catch (error) {
      if (!(error instanceof TurnsClosed)) throw error;
      return refuse([{ text: error.message }], logger);
    }
  }

  return (load) => {
    if (!running) {
      running = reload(load).finally(() => {
        running = undefined;
      });
      return running;
    }
    next ??= running.then(() => {
      running = reload(load).finally(() => {
        running = undefined;
      });
      return running;
    });
    return next;
  };
}

interface RefusalLine {
  readonly text: string;
  readonly place?: Partial<Problem>;
}

/** The text is part of the message: lines that differ are not held down as repeats. */
function refuse(lines: readonly RefusalLine[], logger: Logger): 'refused' {
  for (const { text, place } of lines)
    logger.error(`not reloaded, the old configuration stays: ${text}`, { code: 'config_refused', ...place });
  return 'refused';
}

function problemLine(problem: Problem): RefusalLine {
  const { file, line, path } = problem;
  return { text: formatProblem(problem), place: { file, line, path } };
}

function fixedLine(path: string): RefusalLine {
  return { text: `${path}: cannot change while it runs; restart, or put it back`, place: { path } };
}

const FIXED = ['http', 'admin', 'log', 'deadLetters', 'tracing'] as const;

/** Dotted paths of what differs and was fixed at the start. */
export function changedFixedKeys(before: Config, after: Config): string[] {
  const keys = FIXED.flatMap((section) => {
    const old = Object.entries(before[section]);
    return Object.entries(after[section])
      .filter(([key, value]) => differ(value, old.find(([name]) => name === key)?.[1]))
      .map(([key]) => `${section}.${key}`);
  });
  return differ(before.subscriptions, after.subscriptions) ? [...keys, 'subscriptions'] : keys;
}

/** Whoever reads a secret is made anew with each configuration, and reads the same file. */
function differ(a: unknown, b: unknown): boolean {
  return textOf(a) !== textOf(b);
}

function textOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, member: unknown) =>
    member instanceof RegExp ? String(member) : member,
  );
}
