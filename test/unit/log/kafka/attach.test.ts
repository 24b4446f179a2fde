/** Where a new group is placed when more than one process places it. */
import { expect, it } from 'vitest';
import { attachGroups } from '../../../../src/log/kafka/attach.ts';
import type { KafkaClient } from '../../../../src/log/kafka/client.ts';

/** A cluster with one partition that ends at `end`, and one group. `onCommit`: what others do right after a commit. */
function clusterAt(end: number, onCommit: (commits: number) => void = () => undefined) {
  const state = { offset: -1, commits: 0, hasMembers: false };
  const listed = (offset: number) => ({
    topic: 't',
    partitions: [{ partition: 0, offset: String(offset), metadata: null }],
  });
  const broker = {
    listOffsets: async () => ({ responses: [listed(end)] }),
    offsetFetch: async () => ({ responses: [listed(state.offset)] }),
    async offsetCommit({ topics }: { topics: { partitions: { offset: string }[] }[] }) {
      if (state.hasMembers) throw Object.assign(new Error('has members'), { type: 'UNKNOWN_MEMBER_ID' });
      state.offset = Number(topics[0]?.partitions[0]?.offset);
      state.commits += 1;
      onCommit(state.commits);
    },
  };
  const cluster = {
    connect: async () => undefined,
    disconnect: async () => undefined,
    refreshMetadata: async () => undefined,
    refreshMetadataIfNecessary: async () => undefined,
    addMultipleTargetTopics: async () => undefined,
    findTopicPartitionMetadata: () => [{ partitionId: 0 }],
    findLeaderForPartitions: () => ({ 1: [0] }),
    findBroker: async () => broker,
    findGroupCoordinator: async () => broker,
  };
  const attach = () =>
    attachGroups({ newCluster: () => cluster } as unknown as KafkaClient, { prefix: 'p', topic: 't' }, [
      { group: 'braze', start: 'end' },
    ]);
  return { state, attach };
}

it('a new group begins at the end', async () => {
  const { state, attach } = clusterAt(100);
  await attach();
  expect(state).toMatchObject({ offset: 100, commits: 1 });
});

it('a later place that another process has written over it gives way', async () => {
  const { state, attach } = clusterAt(100, (commits) => {
    if (commits === 1) state.offset = 120;
  });
  await attach();
  expect(state).toMatchObject({ offset: 100, commits: 2 });
});

it('an earlier place of another process stays', async () => {
  const { state, attach } = clusterAt(100, (commits) => {
    if (commits === 1) state.offset = 80;
  });
  await attach();
  expect(state).toMatchObject({ offset: 80, commits: 1 });
});

it('what a reader has committed by then stays', async () => {
  const { state, attach } = clusterAt(100, (commits) => {
    if (commits === 1) Object.assign(state, { offset: 120, hasMembers: true });
  });
  await attach();
  expect(state).toMatchObject({ offset: 120, commits: 1 });
});
