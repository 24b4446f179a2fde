import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLogger, type LoggerOptions } from '../../../src/telemetry/logger.ts';

const NOON = Date.UTC(2026, 0, 1, 12);

function setUp(options: Partial<LoggerOptions> = {}) {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const clock = { now: NOON };
  const logger = createLogger({ level: 'info', stream, version: '1.2.3', now: () => clock.now, ...options });
  const lines = () => chunks.join('').split('\n').slice(0, -1);
  return { logger, clock, stream, lines, objects: () => lines().map((line) => JSON.parse(line)) };
}

describe('logger', () => {
  test('writes one JSON object per line with time, level, msg, service, version and the fields', () => {
    const { logger, objects } = setUp();
    logger.info('ready', { port: 8080, nested: { a: [1, null] } });
    expect(objects()).toEqual([
      {
        time: '2026-01-01T12:00:00.000Z',
        level: 'info',
        msg: 'ready',
        service: 'brazier',
        version: '1.2.3',
        port: 8080,
        nested: { a: [1, null] },
      },
    ]);
  });

  test('keeps a line a line, whatever is in the texts', () => {
    const { logger, lines, objects } = setUp();
    logger.warn('two\nlines\u0000\u001b[31m', { text: 'a\r\nb' });
    expect(lines()).toHaveLength(1);
    expect(objects()[0]).toMatchObject({ msg: 'two\nlines\u0000\u001b[31m', text: 'a\r\nb' });
  });

  test('does not let fields replace what every line carries', () => {
    const { logger, objects } = setUp();
    logger.info('true', { msg: 'false', level: 'x', time: 0, service: 'x', version: 'x', message: 'kept' });
    expect(objects()[0]).toMatchObject({
      msg: 'true',
      level: 'info',
      service: 'brazier',
      version: '1.2.3',
      message: 'kept',
    });
  });

  test('leaves out what is below its level', () => {
    const { logger, objects } = setUp({ level: 'warn' });
    logger.info('no');
    logger.debug('no');
    logger.warn('yes');
    logger.error('yes');
    expect(objects().map(({ level }) => level)).toEqual(['warn', 'error']);
  });

  test('spells errors out, with their cause', () => {
    const { logger, objects } = setUp();
    const cause = Object.assign(new Error('disk'), { code: 'ENOSPC' });
    logger.error('failed', { err: new TypeError('bad', { cause }) });
    expect(objects()[0].err).toMatchObject({
      type: 'TypeError',
      message: 'bad',
      stack: expect.stringContaining('logger.test.ts'),
      cause: { type: 'Error', message: 'disk', code: 'ENOSPC' },
    });
  });

  test('masks registered secrets in messages, fields, errors and children, the longest first', () => {
    const { logger, lines } = setUp();
    const child = logger.child({ destination: 'braze' });
    child.redact(['keys', 'keys-longer', 'with"quote', '']);
    logger.info('the keys-longer is', { a: { b: ['keys'] }, c: 'with"quote' });
    child.error('x', { err: new Error('Invalid API secret: keys-longer') });
    const text = lines().join('\n');
    expect(text).not.toMatch(/keys|longer|quote/);
    expect(text.match(/\[secret\]/g)?.length).toBeGreaterThanOrEqual(4);
  });

  test('masks no secret of fewer than four characters: every line would be full of it', () => {
    const { logger, objects } = setUp();
    logger.redact(['w', 'key', 'keys']);
    logger.info('what a key, what keys');
    expect(objects()[0].msg).toBe('what a key, what [secret]');
  });

  test('leaves no half of a secret where a text is cut', () => {
    const { logger, objects } = setUp();
    logger.redact(['0123456789']);
    logger.info('x', { text: `${'a'.repeat(8 * 1024 - 5)}0123456789` });
    expect(objects()[0].text).not.toContain('0123');
  });

  test('cuts long texts and survives cycles, depth and odd values', () => {
    const { logger, objects } = setUp();
    const cycle: Record<string, unknown> = { bytes: Buffer.alloc(5), big: 1n, none: undefined, fn: () => 1 };
    cycle.self = cycle;
    logger.info('x', { long: 'a'.repeat(100_000), cycle });
    expect(objects()[0].long.length).toBeLessThan(8300);
    expect(objects()[0].cycle).toMatchObject({ bytes: '5 bytes', big: '1' });
  });

  test('writes the same line at most ten times a minute and then says how many it kept back', () => {
    const { logger, clock, objects } = setUp();
    for (let i = 0; i < 100; i++) logger.warn('again', { code: 'A', attempt: i });
    for (let i = 0; i < 3; i++) logger.warn('again', { code: 'B' });
    expect(objects()).toHaveLength(13);
    clock.now += 60_000;
    logger.warn('again', { code: 'A' });
    logger.warn('again', { code: 'A' });
    expect(
      objects()
        .slice(13)
        .map(({ suppressed }) => suppressed),
    ).toEqual([90, undefined]);
  });

  test('a child adds its fields and a line overrides them', () => {
    const { logger, objects } = setUp();
    logger.child({ a: 1, b: 1 }).child({ b: 2 }).info('x', { c: 3 });
    expect(objects()[0]).toMatchObject({ a: 1, b: 2, c: 3 });
  });

  test('pretty lines are short, on one line, and masked', () => {
    const { logger, lines } = setUp({ pretty: true });
    logger.redact(['s3cret']);
    logger.info('listening\nhere', { http: '127.0.0.1:8080', note: 'a b', err: new Error('s3cret') });
    expect(lines()).toEqual([
      '12:00:00 info  listening\\nhere http=127.0.0.1:8080 note="a b" err="[secret]"',
    ]);
  });

  test('goes on when its stream is gone', () => {
    const { logger, stream } = setUp();
    stream.destroy(new Error('reader left'));
    expect(() => logger.info('x')).not.toThrow();
  });
});
