/** Subscriptions: which topics of others are read as which source, and what the schema cannot say about them. */
import type { LogConfig, SourceConfig, SubscriptionConfig } from './config.ts';
import { type Findings, type Member, textAt } from './findings.ts';
import { ownTopics } from './log-settings.ts';
import { suggest } from './suggest.ts';
import { formatPath } from './validator.ts';

interface Beside {
  readonly log: LogConfig;
  readonly sources: readonly SourceConfig[];
}

/** Builds the subscriptions; they are good only when nothing was found. */
export function buildSubscriptions(
  members: readonly Member[],
  { log, sources }: Beside,
  findings: Findings,
): SubscriptionConfig[] {
  if (log.kind === 'embedded') {
    if (members.length > 0) findings.faults.push({ path: ['subscriptions'], message: WITHOUT_KAFKA });
    return [];
  }
  for (const member of members) checkSource(member, sources, findings);
  const built = members.map((member) => buildSubscription(member, findings));
  checkTopics(members, built, ownTopics(log), findings);
  return built;
}

const WITHOUT_KAFKA = 'found subscriptions beside the embedded log, expected log.kind: kafka';

function buildSubscription(member: Member, findings: Findings): SubscriptionConfig {
  const { value } = member;
  const format = value.format === 'batch' || value.format === 'array' ? value.format : 'event';
  const key = textAt(value, 'key') ?? null;
  if (key !== null && format !== 'event') {
    const message = `found a key beside format: ${format}, expected none: such a record holds events of several persons`;
    findings.faults.push({ path: [...member.path, 'key'], message });
  }
  return {
    topic: topicOf(member, findings),
    source: textAt(value, 'source') ?? '',
    format,
    key,
    start: startOf(member, findings),
  };
}

function topicOf({ value, path }: Member, { faults }: Findings): string | RegExp {
  const pattern = textAt(value, 'pattern');
  if (pattern === undefined) return textAt(value, 'topic') ?? '';
  try {
    return new RegExp(pattern);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    faults.push({ path: [...path, 'pattern'], message: `found ${why}, expected a regular expression` });
    return '';
  }
}

function startOf({ value, path }: Member, { faults }: Findings): SubscriptionConfig['start'] {
  const start = textAt(value, 'start') ?? 'earliest';
  if (start === 'earliest' || start === 'latest') return start;
  const time = Date.parse(start);
  const isGiven = /^\d{4}-/.test(start);
  if (isGiven && Number.isNaN(time)) {
    faults.push({ path: [...path, 'start'], message: 'found a time that does not exist, expected another' });
  }
  return time;
}

/** A record is read once, and the log does not read what it writes. Where patterns meet is for whoever reads to decide. */
function checkTopics(
  members: readonly Member[],
  built: readonly SubscriptionConfig[],
  own: readonly string[],
  { faults, nameOf = formatPath }: Findings,
): void {
  const seen = new Map<string, number>();
  for (const [index, { topic }] of built.entries()) {
    const path = [...(members[index]?.path ?? []), typeof topic === 'string' ? 'topic' : 'pattern'];
    if (typeof topic === 'string' && own.includes(topic)) {
      faults.push({ path, message: `found ${topic}, which is the log's own, expected another topic` });
    }
    const earlier = seen.get(String(topic));
    seen.set(String(topic), earlier ?? index);
    if (earlier === undefined || topic === '') continue;
    const whose = nameOf(members[earlier]?.path ?? []);
    faults.push({ path, message: `found what ${whose} reads already, expected each topic once` });
  }
}

function checkSource({ value, path }: Member, sources: readonly SourceConfig[], { faults }: Findings): void {
  const id = textAt(value, 'source');
  const source = sources.find((each) => each.id === id);
  if (id === undefined || source?.enabled === true) return;
  const ids = sources.map((each) => each.id);
  const nearest = suggest(id, ids);
  const hint = nearest === null ? `expected one of ${ids.join(', ')}` : `did you mean ${nearest}?`;
  const message =
    source === undefined
      ? `found the unknown source "${id}", ${hint}`
      : `found source "${id}", which is disabled, expected an enabled one, or no subscription for it`;
  faults.push({ path: [...path, 'source'], message });
}
