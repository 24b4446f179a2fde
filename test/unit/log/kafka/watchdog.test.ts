import { expect, test } from 'vitest';
import { createWatchdog } from '../../../../src/log/kafka/watchdog.ts';

function rig(limitMs = 120_000) {
  let [time, why]: [number, string | undefined] = [0, 'behind'];
  const stuck: number[] = [];
  let asked = 0;
  const watchdog = createWatchdog({
    now: () => time,
    limitMs,
    behind: async () => {
      asked += 1;
      return why;
    },
    onStuck: (_why, quietMs) => stuck.push(quietMs),
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      time += 1_000;
      await watchdog.look();
    }
  };
  const say = (next: string | undefined) => {
    why = next;
  };
  return { watchdog, stuck, pass, say, asked: () => asked };
}

test('something to do and no progress for so long is stuck', async () => {
  const { stuck, pass } = rig();
  await pass(149);
  expect(stuck).toEqual([]);
  await pass(1);
  expect(stuck).toEqual([120_000]);
});

test('progress begins the time anew, and spares the brokers the question', async () => {
  const { watchdog, stuck, pass, asked } = rig();
  for (let minute = 0; minute < 10; minute += 1) {
    await pass(29);
    watchdog.progress();
  }
  expect(stuck).toEqual([]);
  expect(asked()).toBe(0);
});

test('nothing to do is not stuck, however long, and what comes then has its whole time', async () => {
  const { stuck, pass, say } = rig();
  say(undefined);
  await pass(1_000);
  say('behind');
  await pass(119);
  expect(stuck).toEqual([]);
  await pass(2);
  expect(stuck).toHaveLength(1);
});
