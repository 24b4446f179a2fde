/** The bodies of the messages, in the two forms that a webhook may have: ours, and Slack's. */
import type { WebhookConfig } from '../config/alerts-settings.ts';
import type { AlertName, Severity } from './alert.ts';
import type { Message } from './ledger.ts';
import type { Teller } from './teller.ts';

/** A message, or one that was asked for to see whether it arrives. */
export type Said = Message | { readonly state: 'test' };

interface Parts {
  readonly title: string;
  readonly summary: string;
  readonly action: string;
  readonly runbook: string;
}

/** @param at ms since the epoch */
export function bodyOf(form: WebhookConfig['form'], said: Said, teller: Teller, at: number): string {
  const parts = partsOf(said, teller);
  return JSON.stringify(form === 'slack' ? slackOf(parts, said, teller) : jsonOf(parts, said, teller, at));
}

/** What to do first; the page has the rest. */
const ACTIONS: Readonly<Record<AlertName, string>> = {
  BrazierDestinationHalted:
    "brazier check --connect asks Braze with today's key and address; mend the key in its file, or reload after a change.",
  BrazierNothingDelivered: 'brazier destinations list; look whether Braze can be reached from the machine.',
  BrazierDeadLetters:
    'brazier dead-letters list --summary --from 1h shows the codes; replay when the cause is mended.',
  BrazierLogNearlyFull: 'brazier destinations list shows who holds it; mend that one, or raise log.maxBytes.',
  BrazierDiskNearlyFull: 'df; make room on the disk, or enlarge the volume.',
};

const TEST: Parts = {
  title: 'A test of the alert webhook',
  summary: 'Nothing is wrong: somebody has asked for this message.',
  action: 'Nothing to do.',
  runbook: '',
};

function partsOf(said: Said, { runbooks }: Teller): Parts {
  if (said.state === 'test') return { ...TEST, runbook: `${runbooks}README.md` };
  const { state, alert, reminder } = said;
  const { name, summary } = alert;
  const runbook = `${runbooks}${name}.md`;
  if (state === 'resolved') return { title: `Over: ${name}`, summary, action: 'Nothing to do.', runbook };
  const again = reminder > 0 ? ' (still)' : '';
  return { title: `${name}${again}`, summary, action: ACTIONS[name], runbook };
}

/** Version 1; docs/operate/alert-webhook.md describes it. Members are added to it, none is taken away. */
function jsonOf({ summary, action, runbook }: Parts, said: Said, teller: Teller, at: number) {
  const { name, instance, role, version } = teller;
  const common = { summary, action, runbook, brazier: { name, instance, role, version } };
  if (said.state === 'test') {
    const nothing = { severity: null, destination: null, code: null, since: null, reminder: 0 };
    return { version: 1, id: 'test', state: 'test', alert: null, ...nothing, at: timeText(at), ...common };
  }
  const { state, alert, reminder } = said;
  const { severity, destination, code } = alert;
  const since = timeText(alert.since);
  const id = [alert.name, severity, destination ?? '', instance, since].join('/');
  const what = { alert: alert.name, severity, destination, code, since, at: timeText(at), reminder };
  return { version: 1, id, state, ...what, ...common };
}

const SIGNS: Readonly<Record<Severity | 'resolved' | 'test', string>> = {
  critical: ':red_circle:',
  warning: ':large_orange_circle:',
  resolved: ':white_check_mark:',
  test: ':information_source:',
};

/** `text` is what notifications show; Slack: sending messages using incoming webhooks. */
function slackOf({ title, summary, action, runbook }: Parts, said: Said, teller: Teller) {
  const { name, instance, version } = teller;
  const sign = SIGNS[said.state === 'firing' ? said.alert.severity : said.state];
  const page = /^https?:/.test(runbook) ? `<${escaped(runbook)}|what to do>` : escaped(runbook);
  const since = said.state === 'test' ? '' : `, since ${timeText(said.alert.since)}`;
  const first = said.state === 'firing' ? `\n*First:* ${escaped(action)}` : '';
  const context = `${escaped(name)} on ${escaped(instance)}, ${escaped(version)}${since} · ${page}`;
  return {
    text: `${sign} ${escaped(title)}: ${escaped(summary)} (${escaped(name)} on ${escaped(instance)})`,
    blocks: [
      {
        type: 'section',
        text: { type: 'mrkdwn', text: `${sign} *${escaped(title)}*\n${escaped(summary)}${first}` },
      },
      { type: 'context', elements: [{ type: 'mrkdwn', text: context }] },
    ],
  };
}

/** Slack takes these three for its own marks (Slack: formatting text for app surfaces, escaping text). */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}
