import { describe, expect, test } from 'vitest';
import { crashFields } from '../../../src/telemetry/crash.ts';

const CANARY = 'kim@example.com';

describe('what is said of a crash', () => {
  test('tells type, code and place, not the message', () => {
    const error = Object.assign(new TypeError(`Received '${CANARY}'`), { code: 'ERR_INVALID_ARG_TYPE' });
    const { type, code, frames } = crashFields(error);
    expect([type, code]).toEqual(['TypeError', 'ERR_INVALID_ARG_TYPE']);
    expect(frames[0]).toContain('crash.test.ts');
  });

  test('leaves out a message that looks like frames, and one that was changed after the stack was taken', () => {
    const looksLike = new Error(`a\n    at ${CANARY} (x.ts:1:1)\n    at more`);
    const changed = new Error(`first ${CANARY}\n    at ${CANARY}`);
    changed.message = 'second';
    for (const error of [looksLike, changed, CANARY, { message: CANARY }, null])
      expect(JSON.stringify(crashFields(error))).not.toContain(CANARY);
    expect(crashFields(looksLike).frames[0]).toContain('crash.test.ts');
  });

  test('says no more than twenty frames', () => {
    const deep = (levels: number): Error => (levels > 0 ? deep(levels - 1) : new Error('deep'));
    expect(crashFields(deep(50)).frames.length).toBeLessThanOrEqual(20);
  });
});
