/** Whether a configuration can do what the process is asked to do: taking events, delivering them, or both. */
import type { Config, Role } from './config.ts';
import type { Findings } from './findings.ts';

export const ROLES: readonly Role[] = ['all', 'ingest', 'worker'];

/** Only Kafka can be shared by processes, and whoever takes events over HTTP needs a key to know their source by. */
export function checkRole(
  { role, log, sources }: Pick<Config, 'role' | 'log' | 'sources'>,
  { faults }: Findings,
): void {
  if (role === 'all') return;
  if (log.kind === 'embedded') {
    const message = `found embedded, expected kafka: with --role ${role} processes share the log, which one file cannot be`;
    faults.push({ path: ['log', 'kind'], message });
  }
  const hasKeys = sources.some(({ enabled, writeKeys }) => enabled && writeKeys.length > 0);
  if (role === 'ingest' && !hasKeys) {
    const message =
      'found no enabled source with a write key, expected one: --role ingest takes events over HTTP';
    faults.push({ path: ['sources'], message });
  }
}
