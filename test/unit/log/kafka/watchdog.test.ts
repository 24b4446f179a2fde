import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createWatchdog, type Task } from '../../../../src/log/kafka/watchdog.ts';

type Why = string | undefined | Promise<string | undefined>;

/** Tasks by name: what their mark is, and why they are behind. */
function rig(limitMs = 120_000) {
  const doings = new Map<string, { mark: number; why: Why }>();
  const stuck: [why: string, quietMs: number][] = [];
  let [time, asked] = [0, 0];
  const watchdog = createWatchdog({
    now: () => time,
    limitMs,
    tasks: () =>
      [...doings].map(
        ([name, doing]): Task => ({
          name,
          mark: () => doing.mark,
          behind: async () => {
            asked += 1;
            return doing.why;
          },
        }),
      ),
    onStuck: (why, quietMs) => stuck.push([why, quietMs]),
  });
  const does = (name: string, why?: Why) => {
    const doing = { mark: 0, why };
    doings.set(name, doing);
    return doing;
  };
  const pass = async (seconds: number, each: () => void = () => undefined): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      time += 1_000;
      each();
      // Brokers may not answer.
      await Promise.race([watchdog.look(), turn()]);
    }
  };
  return { doings, does, stuck, pass, asked: () => asked };
}

test('something to do and no getting on for so long is stuck', async () => {
  const { does, stuck, pass } = rig();
  does('0', 'behind');
  await pass(120);
  expect(stuck).toEqual([]);
  await pass(1);
  expect(stuck).toEqual([['behind', 120_000]]);
  await pass(119);
  expect(stuck).toHaveLength(1);
});

test.each([
  { asked: 'between two askings', begins: 40 },
  { asked: 'before it is asked first', begins: 1 },
])('the time is what it says where what gets stuck stands still $asked', async ({ begins }) => {
  const { does, stuck, pass } = rig();
  const doing = does('0', 'behind');
  does('idle');
  await pass(begins, () => {
    doing.mark += 1;
  });
  await pass(119);
  expect(stuck).toEqual([]);
  await pass(1);
  expect(stuck).toEqual([['behind', 120_000]]);
});

test('brokers that answered nothing for long do not make late what could not be asked', async () => {
  const { does, stuck, pass } = rig();
  const answer = Promise.withResolvers<undefined>();
  does('unanswered', answer.promise);
  await pass(40);
  does('0', 'behind');
  await pass(200);
  answer.resolve(undefined);
  await pass(60);
  expect(stuck).toEqual([]);
  await pass(60);
  expect(stuck.map(([why]) => why)).toEqual(['behind']);
});

test('one that is stuck is found among others that get on', async () => {
  const { does, stuck, pass } = rig();
  const moving = [does('1', 'behind'), does('2', 'behind')];
  does('0', '0 is behind');
  await pass(200, () => {
    for (const each of moving) each.mark += 1;
  });
  expect(new Set(stuck.map(([why]) => why))).toEqual(new Set(['0 is behind']));
});

test('getting on begins the time anew, and spares the brokers the question', async () => {
  const { does, stuck, pass, asked } = rig();
  const doing = does('0', 'behind');
  for (let minute = 0; minute < 10; minute += 1) {
    await pass(29);
    doing.mark += 1;
  }
  expect(stuck).toEqual([]);
  expect(asked()).toBe(0);
});

test('nothing to do is not stuck, however long, is asked about now and then, and what comes then has its whole time', async () => {
  const { does, stuck, pass, asked } = rig();
  const doing = does('0');
  await pass(1_000);
  expect(asked()).toBeLessThanOrEqual(1_000 / 15);
  doing.why = 'behind';
  await pass(119);
  expect(stuck).toEqual([]);
  // It is asked every 15 s.
  await pass(16);
  expect(stuck).toHaveLength(1);
});

test('what is not to be looked after for a while begins anew', async () => {
  const { doings, does, stuck, pass } = rig();
  for (let time = 0; time < 4; time += 1) {
    does('0', 'behind');
    await pass(100);
    doings.delete('0');
    await pass(1);
  }
  expect(stuck).toEqual([]);
});
