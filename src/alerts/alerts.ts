/**
 * The alerts of the process: looks at its signs every now and then, and brings each webhook up to date with what fires.
 * A webhook that is away hurts nobody: nothing waits for it, and a stop does not either.
 */
import type { AlertsConfig, WebhookConfig } from '../config/alerts-settings.ts';
import type { Alert, Instant } from './alert.ts';
import type { Told } from './ledger.ts';
import { createMessenger, type Messenger } from './messenger.ts';
import { createJudge, unjudged } from './rules.ts';
import type { Signs } from './signs.ts';
import type { Teller } from './teller.ts';
import type { ToldByWebhook } from './told-file.ts';
import { createTracks } from './tracks.ts';
import { type Posted, postTo } from './webhook.ts';

export interface Alerts {
  /** Judges the signs and tells. Does not wait for the webhooks. */
  look(signs: Signs): void;
  /** These settings are the ones from now on; what a webhook was told stays told. */
  adopt(config: AlertsConfig): void;
  /** Messages that are not told yet, by the webhook's id. */
  waiting(): ReadonlyMap<string, number>;
  told(): ToldByWebhook;
  /** Resolves when no message is under way. */
  idle(): Promise<void>;
  /** Ends what is under way. */
  stop(): void;
}

export interface AlertsOptions {
  readonly config: AlertsConfig;
  /** Who tells, by the settings as they are. */
  readonly teller: (config: AlertsConfig) => Teller;
  /** What was told before the process began. */
  readonly known: ToldByWebhook;
  readonly now: () => Instant;
  readonly random: () => number;
  /** After each message, told or not. */
  readonly onPosted: (webhook: string, posted: Posted) => void;
}

export function createAlerts(options: AlertsOptions): Alerts {
  const { teller, known, now, random } = options;
  let { config } = options;
  let firing: ReadonlyMap<string, Alert> = new Map();
  const stopping = new AbortController();
  const messengers = new Map<string, Messenger>();
  // What was told only to those who are gone begins anew.
  const before = config.webhooks.flatMap(({ id }) => (known.get(id) ?? []).map(({ alert }) => alert));
  let judge = createJudge({ known: before, isLate: false });
  let tracks = createTracks(before, now());
  for (const { id } of config.webhooks) open(id, known.get(id) ?? []);

  function open(id: string, told: readonly Told[]): void {
    const messenger = createMessenger({
      known: told,
      settings: () => ({ ...config, ...webhookOf(id) }),
      teller: () => teller(config),
      post: (webhook, body) => postTo(webhook, body, stopping.signal),
      now,
      random,
      onPosted: (posted) => options.onPosted(id, posted),
    });
    messengers.set(id, messenger);
  }

  function webhookOf(id: string): { webhook: WebhookConfig; minSeverity: WebhookConfig['minSeverity'] } {
    const webhook = config.webhooks.find((each) => each.id === id);
    if (!webhook) throw new Error(`no webhook ${id}`);
    return { webhook, minSeverity: webhook.minSeverity };
  }

  return {
    look(signs) {
      const conditions = judge(signs, config, now().ms);
      firing = tracks.advance({ conditions, unjudged: unjudged(signs) }, now(), config.resolveAfterMs);
      for (const messenger of messengers.values()) messenger.tell(firing);
    },
    adopt(next) {
      if (config.webhooks.length === 0) {
        // Nobody has looked since the start, or since the last one was there.
        judge = createJudge({ known: [], isLate: true });
        tracks = createTracks([], now());
      }
      config = next;
      for (const [id, messenger] of messengers) {
        if (next.webhooks.some((each) => each.id === id)) continue;
        messenger.close();
        messengers.delete(id);
      }
      for (const { id } of next.webhooks) if (!messengers.has(id)) open(id, []);
    },
    waiting: () => new Map([...messengers].map(([id, messenger]) => [id, messenger.waiting(firing)])),
    told: () => new Map([...messengers].map(([id, messenger]) => [id, messenger.told()])),
    async idle() {
      await Promise.all([...messengers.values()].map((messenger) => messenger.idle()));
    },
    stop: () => stopping.abort(),
  };
}
