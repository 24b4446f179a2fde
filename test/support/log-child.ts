/** A process of its own on an embedded log: `log-child.ts FOLDER` appends until it is killed and prints what was acknowledged. */
import { LogError } from '../../src/log/log.ts';
import { openSqliteLog } from '../../src/log/sqlite/sqlite-log.ts';
import { EVENTS_TOPIC } from '../../src/model/record.ts';

const WRITERS = 8;

async function run(path: string, firstRound: number): Promise<void> {
  const onFatal = (error: LogError) => console.error(error.message);
  const log = await openSqliteLog({ path, maxBytes: 1e9, retainMs: 1e15, now: Date.now, onFatal });
  await log.attach([{ group: 'a', start: 'beginning' }]);
  const write = async (writer: number) => {
    for (let round = firstRound; ; round += 1) {
      const id = `${writer}.${round}`;
      const headers = { source: 'shop', receivedAt: '2026-01-02T03:04:05.678Z' };
      const value = Buffer.from(JSON.stringify({ id, filler: 'x'.repeat(200) }));
      await log.append(EVENTS_TOPIC, [
        { key: `${writer}`, value, headers, timestamp: Date.now(), guardId: id },
      ]);
      process.stdout.write(`${id}\n`);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
}

run(process.argv[2] ?? '', Number(process.argv[3] ?? 0)).catch((error) => {
  console.log(`${error instanceof LogError ? error.code : 'other'}: ${error.message}`);
  process.exitCode = 1;
});
