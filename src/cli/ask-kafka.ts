/** Asks the brokers of the log whether it could run on them, without changing anything there. */
import type { Config, KafkaLogConfig } from '../config/config.ts';
import { checkKafka } from '../log/kafka/check.ts';
import { REVOKE_MS } from '../log/kafka/options.ts';
import { NO_SIGNS } from '../log/kafka/signs.ts';
import type { Verdict } from './ask-braze.ts';

const DAY_MS = 86_400_000;

/** Resolves always. */
export async function askKafka(
  { brokers, clientId, ssl, sasl, ...log }: KafkaLogConfig,
  { deadLetters, subscriptions }: Pick<Config, 'deadLetters' | 'subscriptions'>,
): Promise<Verdict> {
  const subscribed = subscriptions.flatMap(({ topic }) => (typeof topic === 'string' ? [topic] : []));
  const options = {
    ...log,
    connection: { brokers, clientId, ssl, sasl },
    letters: { retainMs: deadLetters.retainDays * DAY_MS, maxBytes: deadLetters.maxBytes },
    guardMs: 0,
    revokeMs: REVOKE_MS,
    now: Date.now,
    signs: NO_SIGNS,
    onFatal: () => undefined,
    onWarning: () => undefined,
    tell: () => undefined,
  };
  const { faults, warnings, notes } = await checkKafka(options, subscribed);
  const said = (word: string, lines: readonly string[]) => lines.map((line) => `${word}: log: ${line}`);
  return {
    good: faults.length === 0,
    lines: [...said('ok', notes), ...said('warning', warnings), ...said('problem', faults)],
  };
}
