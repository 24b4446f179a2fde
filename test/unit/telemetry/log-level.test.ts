import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { levelOf } from '../../../src/app/admin.ts';
import { createLogger, LOG_LEVELS, type LogLevel } from '../../../src/telemetry/logger.ts';

function setUp(level: LogLevel) {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const logger = createLogger({ level, stream });
  const child = logger.child({ destination: 'braze' });
  const written = () =>
    chunks
      .splice(0)
      .join('')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger, child, written };
}

describe('the level of the log lines', () => {
  it('decides which are written, of the logger and of the children that it has already', () => {
    const { logger, child, written } = setUp('info');
    for (const [index, level] of LOG_LEVELS.entries()) {
      logger.setLevel(level);
      expect(logger.level()).toBe(level);
      for (const each of LOG_LEVELS) {
        logger[each]('root');
        child[each]('child');
      }
      const expected = LOG_LEVELS.slice(0, index + 1).flatMap((each) => [each, each]);
      expect(written().map((line) => line.level)).toEqual(expected);
    }
  });

  it.each(LOG_LEVELS)('when it was %s and changes, a line says so, whatever it becomes', (was) => {
    for (const is of LOG_LEVELS) {
      const { logger, written } = setUp(was);
      levelOf(logger).set(is);
      expect(logger.level()).toBe(is);
      const lines = was === is ? [] : [expect.objectContaining({ level: 'info', was, is })];
      expect(written()).toEqual(lines);
    }
  });
});
