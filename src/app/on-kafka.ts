/** The log on Kafka as it is configured, and the users' topics that it reads. */
import type { KafkaLogConfig } from '../config/config.ts';
import { createInspect } from '../intake/inspect.ts';
import { type Intake, openIntake } from '../intake/intake.ts';
import { createKeyWatch } from '../intake/key-watch.ts';
import { INTAKE_LIMITS } from '../intake/limits.ts';
import { type KafkaLog, openKafkaLog } from '../log/kafka/kafka-log.ts';
import { type KafkaLogOptions, REVOKE_MS } from '../log/kafka/options.ts';
import { createSubscriptionCodec } from '../log/kafka/subscription-codec.ts';
import { createTopicOwners, isReadDirectly, type TopicOwners } from '../model/subscription.ts';
import { systemClock } from '../model/time.ts';
import { kafkaSigns } from './kafka-signs.ts';
import { letterLimits } from './log-metrics.ts';
import type { OpenedLog, OpenLogParts } from './open-log.ts';

/** As on the embedded log: an SDK's last retry comes within hours. */
const GUARD_MS = 24 * 3_600_000;

/** Rejects with `LogError`, whose message says what to do. */
export async function openOnKafka(settings: KafkaLogConfig, parts: OpenLogParts): Promise<OpenedLog> {
  const { subscriptions, role } = parts.config;
  const own = [settings.topic, settings.deadLetterTopic, settings.requestTopic];
  const owners = createTopicOwners(subscriptions, own);
  const log = await openKafkaLog(optionsOf(settings, owners, parts));
  const isNeeded = role !== 'ingest' && subscriptions.some((each) => !isReadDirectly(each));
  return { log, backup: null, intake: isNeeded ? intakeOf(log, owners, parts) : null };
}

function optionsOf(
  { brokers, clientId, ssl, sasl, ...settings }: KafkaLogConfig,
  owners: TopicOwners,
  { config, logger, metrics, onFatal }: OpenLogParts,
): KafkaLogOptions {
  const now = systemClock.epochMs;
  const direct = owners.topics(isReadDirectly);
  const inspect = createInspect({
    limits: INTAKE_LIMITS,
    onKeyMismatch: createKeyWatch(metrics, logger, now),
  });
  return {
    ...settings,
    connection: { brokers, clientId, ssl, sasl },
    ...(direct.length > 0 && {
      direct: {
        topics: direct,
        startOf: startIn(owners),
        decode: createSubscriptionCodec({ owners, inspect, now }),
      },
    }),
    letters: letterLimits(config.deadLetters),
    guardMs: GUARD_MS,
    revokeMs: REVOKE_MS,
    now,
    signs: kafkaSigns(metrics),
    onFatal,
    onWarning: (message) => logger.warn(message),
    // What matters of it the log tells in its own words; of a broker that is away the client has a line for each try.
    tell: (level, message) => logger[level === 'error' ? 'warn' : 'debug'](message),
  };
}

function intakeOf(
  log: KafkaLog,
  owners: TopicOwners,
  { logger, metrics, tracer, onFatal }: OpenLogParts,
): Intake {
  const inspect = createInspect({ limits: INTAKE_LIMITS, onKeyMismatch: () => undefined });
  const decode = createSubscriptionCodec({ owners, inspect, now: systemClock.epochMs });
  return openIntake({
    owners,
    log,
    metrics,
    tracer,
    logger,
    clock: systemClock,
    random: Math.random,
    onFatal,
    openSession(member) {
      const topics = owners.topics((each) => !isReadDirectly(each));
      return log.openSession('subscriptions', { topics, startOf: startIn(owners), member, decode });
    },
  });
}

function startIn(owners: TopicOwners) {
  return (topic: string) => owners.of(topic)?.start ?? 'earliest';
}
