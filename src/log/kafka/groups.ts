/** The groups' part of the log on Kafka: a session for each that has joined in this process. */
import { type EventLog, type GroupLog, LogError, type Member } from '../log.ts';
import { attachGroups, type ForeignTopics, startAt } from './attach.ts';
import { checkReadable } from './codec-check.ts';
import type { KafkaLogOptions } from './options.ts';
import type { KafkaParts } from './parts.ts';
import { MAX_RANGES } from './progress-codec.ts';
import { createProgressCommit } from './progress-commit.ts';
import { type GroupSession, startSession } from './session.ts';
import type { SessionParts } from './session-parts.ts';

export interface KafkaGroups extends Omit<GroupLog, 'groups'>, Pick<EventLog, 'read' | 'commit'> {
  /** Joins a group that is no destination's, to read topics of others. Rejects with `LogError`. */
  openSession(
    group: string,
    wanted: Pick<SessionParts, 'member' | 'decode'> & ForeignTopics,
  ): Promise<GroupSession>;
}

export interface GroupsParts {
  readonly options: KafkaLogOptions;
  readonly parts: KafkaParts;
  /** By group; those that have joined here. */
  readonly sessions: Map<string, GroupSession>;
  /** Throws when the log takes nothing more. */
  readonly checkOpen: () => void;
}

const UNSUPPORTED =
  'Kafka keeps its topics by time, whoever reads them: to let go of a destination take it out of the configuration';

export function createKafkaGroups(all: GroupsParts): KafkaGroups {
  const { options, parts, sessions, checkOpen } = all;
  const { groupPrefix, direct } = options;
  const { client, topics, standings } = parts;
  /** Topics that cannot be read are told here, before reading begins. */
  async function placeIn(groupId: string, foreign: ForeignTopics): Promise<void> {
    await checkReadable(client, await startAt(client, groupId, foreign));
  }
  const ofDestination = (group: string) => `${groupPrefix}.${group}`;
  return {
    maxRanges: MAX_RANGES,
    detaches: false,
    async openSession(group, wanted) {
      checkOpen();
      // No destination's group has a colon behind the prefix.
      const groupId = `${groupPrefix}:${group}`;
      await placeIn(groupId, wanted);
      return startSession({ ...options, ...wanted, client, group, groupId, prepare: async () => undefined });
    },
    async attach(groups) {
      checkOpen();
      await attachGroups(client, { prefix: groupPrefix, topic: topics.events.topic }, groups);
      if (direct) await Promise.all(groups.map(({ group }) => placeIn(ofDestination(group), direct)));
      standings.know(groups.map(({ group }) => group));
      // One that nobody joins any more is forgotten by the brokers in their own time.
      return [];
    },
    join(group, member) {
      checkOpen();
      const session = openDestination(all, { group, groupId: ofDestination(group), member });
      sessions.set(group, session);
      return {
        async leave() {
          await session.leave();
          if (sessions.get(group) === session) sessions.delete(group);
        },
      };
    },
    read(group, _topics, signal) {
      const session = sessions.get(group);
      if (session === undefined) throw new Error(`group ${group} has not joined`);
      return session.read(signal);
    },
    commit: createProgressCommit({
      ...parts,
      session: (group) => sessions.get(group),
      onWarning: options.onWarning,
    }),
    backlog(group) {
      const assigned = sessions.get(group)?.assigned() ?? [];
      const ahead = assigned.map(({ highWatermark, position }) => Math.max(0, highWatermark - position));
      return ahead.reduce((sum, records) => sum + records, 0);
    },
    detach: unsupported,
    readmit: unsupported,
  };
}

async function unsupported(): Promise<never> {
  throw new LogError('log_unsupported', UNSUPPORTED);
}

interface Joining {
  readonly group: string;
  readonly groupId: string;
  readonly member: Member;
}

function openDestination({ options, parts }: GroupsParts, { member, ...joining }: Joining): GroupSession {
  const { client, topics, guard, requests } = parts;
  const guarded = guard.reader();
  return startSession({
    ...options,
    ...joining,
    client,
    topics: [topics.events.topic, ...(options.direct?.topics ?? [])],
    member: {
      assign: (share) => member.assign(share),
      async revoke(deadline) {
        await member.revoke(deadline);
        // Notes of the partitions that go are their next owner's.
        requests.forget(joining.group);
      },
    },
    decode(message, place) {
      const record = parts.decode(message, place);
      return guarded.isDuplicate(record) ? { ...record, duplicate: true } : record;
    },
    prepared: () => guard.looked,
    prepare: guarded.ready,
  });
}
