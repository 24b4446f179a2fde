/** Brings one webhook up to date: one message at a time, and after a failure a pause that grows. Nobody waits for it. */
import type { WebhookConfig } from '../config/alerts-settings.ts';
import type { Alert, Instant } from './alert.ts';
import { bodyOf } from './forms.ts';
import { createLedger, type LedgerSettings, type Message, type Receipt, type Told } from './ledger.ts';
import type { Teller } from './teller.ts';
import type { Posted } from './webhook.ts';

export interface Messenger {
  /** What fires now; sends what is to be told of it, unless it is at it already or waits after a failure. */
  tell(firing: ReadonlyMap<string, Alert>): void;
  /** Resolves when it has nothing under way. */
  idle(): Promise<void>;
  told(): readonly Told[];
  waiting(firing: ReadonlyMap<string, Alert>): number;
  /** Tells nothing more after what is under way. */
  close(): void;
}

export interface MessengerOptions {
  readonly known: readonly Told[];
  /** As they are now: a reload changes them. */
  readonly settings: () => LedgerSettings & { readonly webhook: WebhookConfig };
  readonly teller: () => Teller;
  readonly post: (webhook: WebhookConfig, body: string) => Promise<Posted>;
  readonly now: () => Instant;
  /** From 0 to 1. */
  readonly random: () => number;
  /** After each message, told or not. */
  readonly onPosted: (posted: Posted) => void;
}

/** Doubled with each failure up to the last: soon after a hiccup, seldom over a night. */
const FIRST_PAUSE_MS = 5_000;
const LAST_PAUSE_MS = 300_000;

export function createMessenger(options: MessengerOptions): Messenger {
  const { settings, now } = options;
  const ledger = createLedger(options.known);
  let firing: ReadonlyMap<string, Alert> = new Map();
  let failures = 0;
  let closedUntilMs = Number.NEGATIVE_INFINITY;
  let isClosed = false;
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!isClosed && now().ms >= closedUntilMs) {
      const message = ledger.next(firing, settings(), now().ms);
      if (!message) return;
      await send(message);
    }
  }

  async function send(message: Message): Promise<void> {
    const { webhook } = settings();
    const body = bodyOf(webhook.form, message, options.teller(), now().at);
    const posted = await options.post(webhook, body);
    const { ms } = now();
    ledger.record(message, receiptOf(posted), ms);
    failures = posted.ok ? 0 : failures + 1;
    if (!posted.ok) closedUntilMs = ms + Math.max(pauseMs(), posted.retryAfterMs ?? 0);
    if (!isClosed) options.onPosted(posted);
  }

  /** Half of it by chance, so that several processes do not come together. */
  function pauseMs(): number {
    const full = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LAST_PAUSE_MS);
    return full * (0.5 + options.random() / 2);
  }

  return {
    tell(next) {
      firing = next;
      running ??= run().finally(() => {
        running = undefined;
      });
    },
    idle: async () => running,
    told: ledger.told,
    waiting: (next) => ledger.waiting(next, settings(), now().ms),
    close() {
      isClosed = true;
    },
  };
}

function receiptOf(posted: Posted): Receipt {
  if (posted.ok) return 'taken';
  return posted.isUnsure ? 'unsure' : 'refused';
}
