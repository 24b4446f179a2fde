/** A topic that others write and that is read as a source: what it holds, and which subscription a topic belongs to. */

/** One event, the body of an SDK's batch (`{"batch":[…]}`), or a list of events. */
export type SubscriptionFormat = 'event' | 'batch' | 'array';

/** Where reading of a topic begins that the group does not know yet; a number is ms since the epoch. */
export type SubscriptionStart = 'earliest' | 'latest' | number;

export interface Subscription {
  /** A topic's name, or what a part of the name matches. */
  readonly topic: string | RegExp;
  /** Id of the source that its events are from. */
  readonly source: string;
  readonly format: SubscriptionFormat;
  /** Dotted path of the person in the value, where the producer keys its records by it; null: it does not. */
  readonly key: string | null;
  readonly start: SubscriptionStart;
}

/** Subscriptions such that each topic belongs to one at most. */
export interface TopicOwners {
  /** The subscription of a topic: the one that names it, else the first whose pattern matches. */
  of(topic: string): Subscription | undefined;
  /** What a consumer of these subscriptions reads: a pattern matches no topic that belongs to another. */
  topics(of: (subscription: Subscription) => boolean): readonly (string | RegExp)[];
}

/**
 * Whether the destinations read it where it is, since its order is the person's already. What is not is appended again to
 * the log's own topic, keyed by person, each event on its own.
 */
export function isReadDirectly({ format, key }: Subscription): boolean {
  return format === 'event' && key !== null;
}

/**
 * @param ownTopics the log's own: no pattern matches them, nor the broker's (`__consumer_offsets`). Throws when a
 * subscription names one of them, or the name of another.
 */
export function createTopicOwners(
  subscriptions: readonly Subscription[],
  ownTopics: readonly string[],
): TopicOwners {
  const named = new Map<string, Subscription>();
  const patterns: { readonly pattern: RegExp; readonly subscription: Subscription }[] = [];
  for (const subscription of subscriptions) {
    const { topic } = subscription;
    if (topic instanceof RegExp) patterns.push({ pattern: topic, subscription });
    else if (ownTopics.includes(topic)) throw new Error(`subscription to ${topic}, which is the log's own`);
    else if (named.has(topic)) throw new Error(`two subscriptions to ${topic}`);
    else named.set(topic, subscription);
  }
  const taken = [...named.keys(), ...ownTopics];
  const only = patterns.map(({ pattern, subscription }, index) => {
    const earlier = patterns.slice(0, index).map((other) => other.pattern);
    return { pattern: without(pattern, taken, earlier), subscription };
  });
  return {
    of: (topic) => named.get(topic) ?? only.find(({ pattern }) => pattern.test(topic))?.subscription,
    topics: (wanted) => [
      ...[...named].filter(([, subscription]) => wanted(subscription)).map(([topic]) => topic),
      ...only.filter(({ subscription }) => wanted(subscription)).map(({ pattern }) => pattern),
    ],
  };
}

/** One expression for all of it: Kafka's clients take nothing else to choose topics by. */
function without(pattern: RegExp, names: readonly string[], others: readonly RegExp[]): RegExp {
  const refused = [
    '__',
    // Of the characters that a name may have only the dot means something.
    ...names.map((name) => `${name.replaceAll('.', '\\.')}$`),
    ...others.map(({ source }) => `.*?(?:${source})`),
  ];
  return new RegExp(`^(?!${refused.join('|')})(?=.*?(?:${pattern.source}))`);
}
