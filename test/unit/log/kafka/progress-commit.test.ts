import { expect, test, vi } from 'vitest';
import { createProgressCommit } from '../../../../src/log/kafka/progress-commit.ts';
import { LogError, type LogErrorCode } from '../../../../src/log/log.ts';
import type { DeadLetter } from '../../../../src/model/dead-letter.ts';

const PLACE = { topic: 't', partition: 3 };
const PROGRESS = { watermark: 8, settled: [{ from: 9, to: 10 }] };
const LETTER = { id: 'braze/t/3/7' } as DeadLetter;

/** @param failures what the puts reject with, in turn; then they succeed */
function rig(failures: LogErrorCode[] = []) {
  const calls: string[] = [];
  let isOurs = true;
  const commit = createProgressCommit({
    session: () => ({
      assigned: () =>
        isOurs ? [{ ...PLACE, progress: PROGRESS, floor: 0, highWatermark: 0, position: 0 }] : [],
      commit: async (topic, partition, { watermark }, floor) => {
        calls.push(`commit ${topic}/${partition} ${watermark} ${floor}`);
      },
    }),
    letters: {
      async put(letters) {
        const code = failures.shift();
        calls.push(code ?? `letters ${letters.map(({ id }) => id)}`);
        if (code) throw new LogError(code, 'as it is');
      },
    },
    requests: { floorOf: () => 42 },
    onWarning: (message) => calls.push(message),
  });
  const lose = () => {
    isOurs = false;
  };
  return { commit: () => commit('g', 't', 3, PROGRESS, [LETTER]), calls, lose };
}

test('a letter is written before the progress that passes it', async () => {
  const { commit, calls } = rig();
  await commit();
  expect(calls).toEqual(['letters braze/t/3/7', 'commit t/3 8 42']);
});

test('brokers that take no letter are waited for, and told of once', async () => {
  const { commit, calls } = rig(['log_unavailable', 'log_full', 'log_unavailable', 'log_unavailable']);
  await commit();
  expect(calls).toEqual([
    'log_unavailable',
    'log_full',
    'log_unavailable',
    'dead letters wait for the brokers: as it is',
    'log_unavailable',
    'letters braze/t/3/7',
    'commit t/3 8 42',
  ]);
});

test('a partition that goes meanwhile ends the waiting, and nothing is committed', async () => {
  const { commit, calls, lose } = rig(Array.from({ length: 100 }, () => 'log_unavailable' as const));
  const committed = commit();
  await vi.waitFor(() => expect(calls.length).toBeGreaterThan(0));
  lose();
  await committed;
  expect(calls.filter((call) => call.startsWith('commit'))).toEqual([]);
});

test('what waiting does not mend is for whoever commits', async () => {
  const { commit, calls } = rig(['log_unusable']);
  await expect(commit()).rejects.toMatchObject({ code: 'log_unusable' });
  expect(calls).toEqual(['log_unusable']);
});
