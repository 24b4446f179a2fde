import { PassThrough } from 'node:stream';
import { InvalidArgumentError } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { confirm } from '../../../src/cli/confirm.ts';
import { groupTable, isForPeople, letterTable, tallyText } from '../../../src/cli/letters-shown.ts';
import { createPace } from '../../../src/cli/pace.ts';
import { createProgress } from '../../../src/cli/progress.ts';
import { timeOption, wholeNumber } from '../../../src/cli/values.ts';

function terminal(isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const output = Object.assign(new PassThrough(), { isTTY });
  return { input, output, asked: () => String(output.read() ?? '') };
}

describe('the confirmation', () => {
  it.each(['y', 'YES', ' yes '])('goes ahead on %j', async (answer) => {
    const on = terminal(true);
    const done = confirm('This deletes 3.', false, on);
    on.input.write(`${answer}\n`);
    await expect(done).resolves.toBeUndefined();
    expect(on.asked()).toContain('This deletes 3.');
  });

  it.each(['', 'n', 'yess', 'sure'])('does nothing on %j, exit code 1', async (answer) => {
    const on = terminal(true);
    const done = confirm('This deletes 3.', false, on);
    on.input.write(`${answer}\n`);
    await expect(done).rejects.toMatchObject({ name: 'CommandError', exitCode: 1 });
  });

  it('does nothing when the input ends', async () => {
    const on = terminal(true);
    const done = confirm('This deletes 3.', false, on);
    on.input.end();
    await expect(done).rejects.toMatchObject({ exitCode: 1 });
  });

  it('without a terminal refuses, says so, exit code 2, unless it was told to go ahead', async () => {
    await expect(confirm('This deletes 3.', false, terminal(false))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/This deletes 3.*--yes/s),
    });
    await expect(confirm('This deletes 3.', true, terminal(false))).resolves.toBeUndefined();
  });
});

describe('the progress bar', () => {
  const drawn = (isTTY: boolean) => {
    const written: string[] = [];
    const output = { isTTY, write: (text: string) => written.push(text) };
    const progress = createProgress(4, output);
    progress.add(1);
    progress.add(5);
    progress.end();
    return written.join('');
  };

  it('is drawn on a terminal, and never beyond its end', () => {
    expect(drawn(true).split('\r').slice(1)).toEqual([
      `${'░'.repeat(30)} 0 of 4`,
      `${'█'.repeat(8)}${'░'.repeat(22)} 1 of 4`,
      `${'█'.repeat(30)} 6 of 6\n`,
    ]);
  });

  it('is nothing elsewhere', () => {
    expect(drawn(false)).toBe('');
  });
});

describe('the pace', () => {
  it('waits until as much time has passed as so many may take', async () => {
    let now = 0;
    const clock = {
      monotonicMs: () => now,
      epochMs: () => now,
      async delay(ms: number) {
        now += ms;
      },
    };
    const pace = createPace(100, 200, clock);
    expect(pace.size).toBe(25);
    const times: number[] = [];
    for (let portion = 0; portion < 4; portion += 1) {
      await pace.taken(pace.size);
      times.push(now);
    }
    expect(times).toEqual([250, 500, 750, 1000]);
  });

  it.each([
    [undefined, 200],
    [1, 1],
    [10_000, 200],
  ])('at %s per second takes %i at once', (rate, size) => {
    const clock = { monotonicMs: () => 0, epochMs: () => 0, delay: async () => {} };
    expect(createPace(rate, 200, clock).size).toBe(size);
  });
});

describe('values of options', () => {
  afterEach(() => vi.useRealTimers());

  it.each([
    ['30m', 30 * 60_000],
    ['24h', 86_400_000],
    ['7d', 7 * 86_400_000],
  ])('%s is that long ago', (text, ago) => {
    vi.useFakeTimers({ now: 1e12 });
    expect(timeOption(text)).toBe(1e12 - ago);
  });

  it('a time is ISO 8601, and nothing is guessed', () => {
    expect(timeOption('2026-03-01T12:00:00Z')).toBe(Date.UTC(2026, 2, 1, 12));
    for (const text of ['yesterday', '7w', '', '-1h'])
      expect(() => timeOption(text)).toThrow(InvalidArgumentError);
  });

  it('a whole number is within its range', () => {
    expect(wholeNumber(1, 10)('10')).toBe(10);
    for (const text of ['0', '11', '1.5', '', ' ', 'x'])
      expect(() => wholeNumber(1, 10)(text)).toThrow('from 1 to 10');
  });
});

describe('what is printed', () => {
  const letter = {
    id: 'braze/t/0/1',
    destination: 'braze',
    source: 'shop',
    at: '2026-01-01T00:00:00.000Z',
    kind: 'refused',
    code: 'braze_refused',
    undelivered: null,
  };
  const group = { destination: null, kind: 'invalid', code: 'missing_type', count: 3, first: 'f', last: 'l' };

  it('is a table for people only on a terminal and without --json', () => {
    const write = () => true;
    expect(isForPeople(undefined, { isTTY: true, write })).toBe(true);
    expect(isForPeople(true, { isTTY: true, write })).toBe(false);
    expect(isForPeople(undefined, { write })).toBe(false);
  });

  it('no control character of an event reaches the terminal', () => {
    const shown = letterTable([{ ...letter, payload: '{"a":"\u001b[2J\u0007\n"}' }]);
    expect(shown.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(shown.split('\n')).toHaveLength(3);
  });

  it('counts say how many of what', () => {
    expect(groupTable({ count: 3, groups: [group] })).toContain('3        (ingest)');
    expect(tallyText({ count: 3, groups: [group] })).toBe('3 dead letters (3 ingest missing_type)');
    expect(tallyText({ count: 0, groups: [] })).toBe('0 dead letters');
  });
});
