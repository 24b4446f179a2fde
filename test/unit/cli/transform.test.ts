/** The transform command: one answer a line, in order, streaming, and clear words for what cannot be read. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPreview } from '../../../src/cli/preview.ts';
import { previewAll } from '../../../src/cli/transform.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');
const RECEIVED_AT = '2026-05-01T12:00:00.000Z';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brazier-transform-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runProcess(args: readonly string[], input: string): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'transform', ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  // A command that fails at once does not wait for its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

async function answers(chunks: readonly (string | Buffer)[]): Promise<unknown[]> {
  const preview = createPreview({ settings: {}, packing: 'combined', receivedAt: () => RECEIVED_AT });
  let out = '';
  const output = new Writable({
    write(chunk, _encoding, done) {
      out += chunk;
      done();
    },
  });
  await previewAll(
    Readable.from(
      chunks.map((chunk) => Buffer.from(chunk)),
      { objectMode: false },
    ),
    output,
    preview,
  );
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function track(messageId: string, more = ''): string {
  return `{"type":"track","userId":"u1","event":"E","messageId":"${messageId}","timestamp":"${RECEIVED_AT}"${more}}`;
}

describe('previewAll', () => {
  it('answers each line once and in order, also a last one without an end, and skips blank lines', async () => {
    const out = await answers([`${track('a')}\n\n \t\r\n${track('b')}\r\n`, track('c')]);
    expect(out).toMatchObject([{ messageId: 'a' }, { messageId: 'b' }, { messageId: 'c' }]);
  });

  it('puts lines together that were read in pieces, in the middle of a character too', async () => {
    const bytes = Buffer.from(`${track('é☕')}\n${track('b')}\n`);
    const out = await answers([...bytes].map((byte) => Buffer.of(byte)));
    expect(out).toMatchObject([{ messageId: 'é☕' }, { messageId: 'b' }]);
  });

  it('does not cut a line at U+2028, which JSON text may hold', async () => {
    expect(await answers([`${track('a\u2028b')}\n`])).toMatchObject([{ messageId: 'a\u2028b' }]);
  });

  it('orders the members of an answer: messageId, requests, warnings', async () => {
    const [answer] = await answers([track('a')]);
    expect(Object.keys(answer as object)).toEqual(['messageId', 'requests', 'warnings']);
    expect(answer).toEqual({
      messageId: 'a',
      requests: [
        {
          method: 'POST',
          path: '/users/track',
          body: { events: [{ external_id: 'u1', name: 'E', time: RECEIVED_AT, properties: {} }] },
        },
      ],
      warnings: [],
    });
  });

  it('says of broken JSON that it is, with the place, and goes on', async () => {
    const out = await answers([`{"type":\n${track('b')}\n`]);
    expect(out).toMatchObject([{ messageId: null, rejected: { code: 'invalid_json' } }, { messageId: 'b' }]);
    expect(out[0]).toHaveProperty('rejected.issues.0.message');
  });

  it('says of text that is not UTF-8 that it is no JSON', async () => {
    const out = await answers([Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xff), Buffer.from('"}\n')])]);
    expect(out).toMatchObject([{ messageId: null, rejected: { code: 'invalid_json' } }]);
  });

  it('rejects what ingest would reject: too large, too deep', async () => {
    const large = track('large', `,"properties":{"x":"${'x'.repeat(1_000_000)}"}`);
    const deep = track('deep', `,"properties":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`);
    expect(await answers([`${large}\n${deep}\n${track('c')}\n`])).toMatchObject([
      { messageId: null, rejected: { code: 'event_too_large' } },
      { messageId: 'deep', rejected: { code: 'too_deep' } },
      { messageId: 'c' },
    ]);
  });

  it('rejects what delivery would reject: an object that is too large for Braze', async () => {
    const input = [`${track('large', `,"properties":{"x":"${'x'.repeat(102_400)}"}`)}\n`, `${track('b')}\n`];
    expect(await answers(input)).toMatchObject([
      { messageId: 'large', rejected: { code: 'object_too_large', issues: [{ path: 'event:0' }] } },
      { messageId: 'b', requests: [{}] },
    ]);
  });

  it('passes over a byte order mark at the start, as ingest does', async () => {
    expect(await answers([`\ufeff${track('a')}\n${track('b')}`])).toMatchObject([
      { messageId: 'a', requests: [{}] },
      { messageId: 'b' },
    ]);
  });

  it('reads no further while nobody takes its answers', async () => {
    let read = 0;
    function* chunks() {
      for (; read < 10_000; read++) yield Buffer.from(`${track(String(read))}\n`);
    }
    const preview = createPreview({ settings: {}, packing: 'combined', receivedAt: () => RECEIVED_AT });
    let release = () => {};
    const output = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        release = done;
      },
    });
    const ended = previewAll(Readable.from(chunks(), { highWaterMark: 1 }), output, preview);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(read).toBeLessThan(20);
    output.destroy(Object.assign(new Error('closed'), { code: 'EPIPE', syscall: 'write' }));
    release();
    await expect(ended).resolves.toBeUndefined();
  });
});

describe('brazier transform', () => {
  it('answers 100,000 lines in one run and exits 0', async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => track(String(index)));
    const { code, stdout } = await runProcess(['--received-at', RECEIVED_AT], lines.join('\n'));
    const out = stdout.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(out.length).toBe(100_000);
    for (const [index, line] of out.entries()) {
      if (!line.startsWith(`{"messageId":"${index}","requests":[{`))
        throw new Error(`answer ${index}: ${line}`);
    }
  }, 60_000);

  it('uses the settings of a file and the time of receipt', async () => {
    const file = join(folder, 'merge.json');
    await writeFile(file, '{"aliasCall":"merge","packing":"perArray"}');
    const input = `{"type":"alias","userId":"u1","previousId":"p1"}\n{"type":"track","userId":"u1","event":"E"}\n`;
    const { code, stdout } = await runProcess(
      ['--settings', file, '--received-at', '2026-05-01T14:00:00+02:00'],
      input,
    );
    const [alias, event] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(alias.requests).toMatchObject([{ path: '/users/merge' }]);
    expect(event.requests[0].body.events[0].time).toBe(RECEIVED_AT);
  });

  it.each([
    ['{"aliasCal":"merge"}', 'aliasCal: found an unknown key, did you mean aliasCall?'],
    ['{"aliasCall":"both"}', 'aliasCall'],
    ['{"aliasCall":', 'not valid JSON'],
    ['[]', 'expected a mapping'],
  ])('exits 2 with one clear line for the settings %s', async (text, expected) => {
    const file = join(folder, 'bad.json');
    await writeFile(file, text);
    const { code, stdout, stderr } = await runProcess(['--settings', file], track('a'));
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
      code: 2,
      stdout: '',
      lines: 1,
    });
    expect(stderr).toContain(file);
    expect(stderr).toContain(expected);
  });

  it('exits 2 for a settings file that is not there, and for a time that is none', async () => {
    const missing = await runProcess(['--settings', join(folder, 'nope.json')], '');
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain('no such file');
    const badTime = await runProcess(['--received-at', 'noon'], '');
    expect(badTime).toMatchObject({ code: 2, stdout: '' });
    expect(badTime.stderr).toContain('noon');
  });

  it('exits 1 with one clear line when the input cannot be read', async () => {
    const failing = new Readable({
      read() {
        this.destroy(Object.assign(new Error('EIO'), { code: 'EIO' }));
      },
    });
    const preview = createPreview({ settings: {}, packing: 'combined', receivedAt: () => RECEIVED_AT });
    await expect(previewAll(failing, new Writable(), preview)).rejects.toMatchObject({
      name: 'CommandError',
      exitCode: 1,
      message: 'the input cannot be read (EIO)',
    });
  });
});
