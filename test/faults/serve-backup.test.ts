/** The whole of it with real processes: served under load, backed up, killed, the disk lost, restored, judged. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { destinationOf, UNDER_WAY, WRITE_KEY } from '../support/harness.ts';
import { expectPromiseKept, judge } from '../support/judge.ts';
import { createLives, scrape, until } from '../support/lives.ts';
import { startProducer } from '../support/producer.ts';
import { startSandbox } from '../support/sandbox.ts';
import { makeFolder, startProcess } from '../support/server-process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const PATIENT_MS = 60_000;

async function rig(more: Record<string, unknown> = {}) {
  const { sandbox, url, close } = await startSandbox({ keep: 1_000_000, rateLimit: 1_000_000 });
  const folder = makeFolder(
    url,
    {},
    {
      sources: [{ id: 'shop', writeKey: WRITE_KEY }],
      destinations: [{ restEndpoint: url, ...destinationOf({}) }],
      ...more,
    },
  );
  const lives = createLives(folder);
  cleanups.push(folder.remove, close, () => lives.end('SIGKILL'));
  const run = async (...args: string[]) => {
    const child = startProcess([...args, '--config', folder.configFile]);
    const code = await child.exited;
    return { code, stdout: child.stdout(), stderr: child.stderr() };
  };
  return { sandbox, folder, lives, run, file: join(folder.data, '..', 'backup.db') };
}

/** Refused by the transformer: a dead letter of the destination. */
const NAMELESS = { type: 'track', userId: 'nobody', messageId: 'nameless' };

describe('a backup of a busy server, restored where nothing was left', () => {
  it('has everything that was acknowledged before it, in order, with letters and progress', {
    timeout: 180_000,
  }, async () => {
    const { sandbox, folder, lives, run, file } = await rig();
    await lives.begin();
    const producer = startProducer({
      url: () => lives.ready?.http,
      writeKey: WRITE_KEY,
      lanes: 4,
      peoplePerLane: 10,
      eventsPerBatch: 25,
      restMs: 20,
    });
    cleanups.push(() => producer.stop());
    await fetch(`${lives.ready?.http}/v1/batch`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}` },
      body: JSON.stringify({ batch: [NAMELESS] }),
    });
    await until('500 requests to Braze', async () => sandbox.requests().length > 100, PATIENT_MS);
    sandbox.addFaults([{ match: {}, do: { status: 500 } }]);
    const before = producer.acknowledged.size;
    await until('events that wait', async () => producer.acknowledged.size > before + 500, PATIENT_MS);

    const acknowledged = new Set(producer.acknowledged);
    const backup = await run('backup', file);
    expect(backup).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(backup.stdout)).toMatchObject({ file, letters: 1 });
    expect(JSON.parse(backup.stdout).undelivered[0].events).toBeGreaterThanOrEqual(500);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const stopped = producer.stop();
    await stopped;
    expect(producer.acknowledged.size).toBeGreaterThan(acknowledged.size);

    await lives.end('SIGKILL');
    rmSync(folder.data, { recursive: true });
    expect(await run('restore', file)).toMatchObject({ code: 0 });
    sandbox.clearFaults();
    const ready = await lives.begin();
    await until(
      'all is delivered',
      async () => {
        const sum = await scrape(ready);
        return sum('brazier_backlog_events') + sum('brazier_events_in_flight') === 0;
      },
      PATIENT_MS,
    );
    sandbox.flush();
    const judgement = judge({
      producer: { produced: producer.produced, acknowledged },
      requests: sandbox.requests(),
      letters: new Set(),
      lifeOf: lives.lifeOf,
    });
    const { doubledRequests, ...counts } = judgement;
    console.log({ ...counts, doubled: [...doubledRequests.values()] });
    expect(judgement.delivered).toBeGreaterThanOrEqual(acknowledged.size);
    expectPromiseKept(judgement, UNDER_WAY);
    expect((await run('dead-letters', 'list', '--json')).stdout).toContain('"invalid_event_name"');
  });
});

describe('a backup', () => {
  it('by stdout is the same, and what it says goes to stderr; a file that exists is left alone without --force', {
    timeout: 180_000,
  }, async () => {
    const { folder, lives, run, file } = await rig();
    await lives.begin();
    const piped = await run('backup', '-');
    expect(piped).toMatchObject({ code: 0, stderr: expect.stringContaining('stdout: checked') });
    expect(piped.stdout.startsWith('SQLite format 3')).toBe(true);

    writeFileSync(file, 'mine');
    expect(await run('backup', file)).toMatchObject({ code: 1, stdout: '' });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await run('backup', file, '--force')).toMatchObject({ code: 0 });
    expect(await run('restore', file, '--check')).toMatchObject({ code: 0 });
    expect(await run('backup', join(folder.data, 'nowhere', 'x.db'))).toMatchObject({ code: 1, stdout: '' });

    expect(await run('restore', file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stop it first'),
    });
    await lives.end('SIGKILL');
    expect(await run('restore', file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--set-aside'),
    });
    expect(await run('backup', file, '--force'), 'without a server').toMatchObject({ code: 0 });
    expect(await run('restore', file, '--set-aside')).toMatchObject({ code: 0 });
    await lives.begin();
  });

  it('is whole or refused when several are made at once, and none spoils another', {
    timeout: 180_000,
  }, async () => {
    const { folder, lives, run, file } = await rig();
    await lives.begin();
    const files = [1, 2].map((number) => `${file}.${number}`);
    const done = await Promise.all(files.map((each) => run('backup', each)));
    for (const [index, { code, stderr }] of done.entries()) {
      if (code === 0)
        expect(await run('restore', files[index] ?? '', '--check'), stderr).toMatchObject({ code: 0 });
      else expect(stderr).toContain('another copy of the log is being made');
    }
    expect(done.map(({ code }) => code)).toContain(0);
    expect(readdirSync(folder.data).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('that cannot be put in the place of a log leaves that as it was', { timeout: 180_000 }, async () => {
    const { folder, lives, run, file } = await rig();
    await lives.begin();
    await lives.end('SIGTERM');
    expect(await run('backup', file)).toMatchObject({ code: 0 });
    mkdirSync(join(folder.data, 'memory'), { recursive: true });
    // Of the three that are renamed the last one fails, whenever in the next minutes that is.
    for (let second = 0; second < 180; second += 1) {
      const at = new Date(Date.now() + second * 1000).toISOString();
      const aside = `memory.before-${at.replaceAll(/[-:]|\.\d+/g, '')}`;
      mkdirSync(join(folder.data, aside, 'taken'), { recursive: true });
    }
    const before = readdirSync(folder.data).toSorted();
    const { code, stderr } = await run('restore', file, '--set-aside');
    expect([code, stderr]).toEqual([1, expect.stringContaining('everything is as it was')]);
    expect(readdirSync(folder.data).toSorted()).toEqual(before);
  });

  it('on Kafka is refused in one line, exit code 2', { timeout: 180_000 }, async () => {
    const { run, file } = await rig({ log: { kind: 'kafka', brokers: ['127.0.0.1:9'] } });
    for (const command of ['backup', 'restore']) {
      const { code, stderr } = await run(command, file);
      expect([code, stderr.trim().split('\n')]).toEqual([2, [expect.stringContaining('log.kind kafka')]]);
    }
  });
});
