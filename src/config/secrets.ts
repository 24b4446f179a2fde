/** Everything in a configuration that must not be printed. */
import type { DestinationSettings } from '../model/settings.ts';
import type { Config, KafkaLogConfig } from './config.ts';
import { FileFault } from './file-fault.ts';

/**
 * Write keys, REST API keys, the cluster's passwords and what leads to the webhooks, as they are now, and salts, for the
 * logger to mask. A file that cannot be read has none.
 */
export function secretsOf({ log, sources, destinations, alerts, tracing }: Config): string[] {
  return [
    ...alerts.webhooks.flatMap(({ readUrl, readAuthorization, readSigningKey }) =>
      [readUrl, readAuthorization, readSigningKey].flatMap((read) => (read ? secretOf(read) : [])),
    ),
    ...tracing.headers.flatMap(({ readValue }) => secretOf(readValue)),
    ...sources.flatMap(({ writeKeys }) => writeKeys),
    ...destinations.flatMap(({ readRestApiKey }) => secretOf(readRestApiKey)),
    ...destinations.flatMap(({ settings }) => saltsOf(settings)),
    ...(log.kind === 'kafka' ? clusterSecretsOf(log) : []),
  ];
}

function clusterSecretsOf({ ssl, sasl }: KafkaLogConfig): string[] {
  const passphrase = ssl?.passphrase;
  return [
    ...(passphrase === undefined ? [] : [passphrase]),
    ...(sasl === null ? [] : secretOf('readPassword' in sasl ? sasl.readPassword : sasl.readClientSecret)),
  ];
}

function saltsOf({ mappings = {} }: DestinationSettings): string[] {
  const { events, ...lists } = mappings;
  const salts = Object.values(lists).flatMap((rules) => rules.map(({ salt }) => salt));
  return salts.filter((salt) => salt !== undefined);
}

function secretOf(read: () => string): string[] {
  try {
    return [read()];
  } catch (error) {
    if (error instanceof FileFault) return [];
    throw error;
  }
}
