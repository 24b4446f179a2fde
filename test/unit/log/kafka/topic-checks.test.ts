/** What is said of a topic at start: nothing of one that keeps what it acknowledged. */
import { describe, expect, test } from 'vitest';
import { checkUsable, type FoundTopic, warningsAbout } from '../../../../src/log/kafka/topic-checks.ts';
import { settingsText, wantedTopics } from '../../../../src/log/kafka/topic-settings.ts';
import { kafkaOptions } from '../../../support/kafka/options.ts';

const options = kafkaOptions(['127.0.0.1:1'], { topic: 'events', retainHours: 100, partitions: 6 });
const wanted = wantedTopics(options, 3)[0]!;

const SAFE = {
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'max.message.bytes': '1048588',
  'min.insync.replicas': '2',
  'retention.bytes': '-1',
  'retention.ms': '360000000',
  'unclean.leader.election.enable': 'false',
};

const found = (config: Record<string, string> = {}, replicas = 3): FoundTopic => ({
  topic: 'events',
  partitions: 6,
  replicas,
  config: new Map(Object.entries({ ...SAFE, ...config })),
});

test('a topic of three replicas of which two must have a record gives no warning', () => {
  expect(warningsAbout(found(), wanted)).toEqual([]);
  expect(() => checkUsable(found(), wanted)).not.toThrow();
});

describe('an acknowledged event could be lost, and it is said', () => {
  test.each([
    ['with one replica', found({ 'min.insync.replicas': '1' }, 1), /one replica/],
    [
      'where one broker may acknowledge alone',
      found({ 'min.insync.replicas': '1' }),
      /min\.insync\.replicas=1.*set it to 2/,
    ],
    [
      'where a broker that missed records may lead',
      found({ 'unclean.leader.election.enable': 'true' }),
      /unclean/,
    ],
    [
      'where records go before the configured time',
      found({ 'retention.ms': '3600000' }),
      /keeps records 1 h, shorter than the 100 h/,
    ],
    ['where records go by size', found({ 'retention.bytes': '1000' }), /retention\.bytes=1000/],
  ])('%s', (_name, topic, line) => {
    expect(warningsAbout(topic, wanted)).toEqual([expect.stringMatching(line)]);
  });

  test('settings that may not be read are a warning, not a failure', () => {
    const hidden = { ...found(), config: null };
    expect(warningsAbout(hidden, wanted)).toEqual([expect.stringMatching(/is not checked/)]);
    expect(() => checkUsable(hidden, wanted)).not.toThrow();
  });

  test('records kept for ever are none too short', () => {
    expect(warningsAbout(found({ 'retention.ms': '-1' }), wanted)).toEqual([]);
  });
});

describe('a topic that cannot be used is refused', () => {
  test.each([
    ['compacted', found({ 'cleanup.policy': 'compact,delete' }), /is compacted/],
    [
      'compressed by the broker as we cannot read',
      found({ 'compression.type': 'snappy' }),
      /topic events has compression\.type=snappy/,
    ],
    [
      'with fewer replicas than must have a record',
      found({}, 1),
      /takes no records: it has 1 replicas and min\.insync\.replicas=2/,
    ],
  ])('%s', (_name, topic, message) => {
    expect(() => checkUsable(topic, wanted)).toThrow(message);
  });

  test('letters and requests may be compacted', () => {
    const letters = wantedTopics(options, 3)[1]!;
    expect(() => checkUsable(found({ 'cleanup.policy': 'compact,delete' }), letters)).not.toThrow();
  });
});

test('the replication factor is three, or all brokers where they are fewer, and two must have each record', () => {
  const text = (brokers: number) => settingsText(wantedTopics(options, brokers)[0]!);
  expect(text(5)).toContain('--replication-factor 3 ');
  expect(text(5)).toContain('min.insync.replicas=2');
  expect(text(2)).toContain('--replication-factor 2 ');
  expect(text(1)).toBe(
    '--topic events --partitions 6 --replication-factor 1 --config cleanup.policy=delete --config retention.ms=360000000 --config min.insync.replicas=1',
  );
});

test('a topic whose messages are too small for any event is refused: it would reject them all', () => {
  expect(() => checkUsable(found({ 'max.message.bytes': '65535' }), wanted)).toThrow(
    /topic events has max\.message\.bytes=65535, too little .*: set it to 65536 or more/,
  );
  expect(() => checkUsable(found({ 'max.message.bytes': '65536' }), wanted)).not.toThrow();
});
