import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { DOCKERFILE } from './build.ts';
import { canHave, GET_TIMEOUT_MS, toolPath } from './tools.ts';

const LABELS = ['title', 'description', 'licenses', 'version', 'revision'];

describe.skipIf(!canHave('hadolint'))('the Dockerfile', () => {
  let hadolint: string;
  beforeAll(() => {
    hadolint = toolPath('hadolint');
  }, GET_TIMEOUT_MS);

  /** What hadolint says of it, also of matters of style, and without a word of ours that hides something from it. */
  function lint(text: string): string[] {
    const labels = LABELS.map((name) => `--require-label=org.opencontainers.image.${name}:text`);
    const options = [
      '--format=gnu',
      '--disable-ignore-pragma',
      '--failure-threshold=style',
      '--strict-labels',
    ];
    const { stdout, stderr } = spawnSync(hadolint, [...options, ...labels, '-'], {
      input: text,
      encoding: 'utf8',
    });
    return [...stdout.split('\n'), ...stderr.split('\n')].filter((line) => line !== '');
  }

  const text = readFileSync(DOCKERFILE, 'utf8');

  it('has nothing that hadolint finds fault with', () => {
    expect(lint(text)).toEqual([]);
  });

  it.each([
    ['an image without a tag', text.replaceAll(/^FROM \$.*$/gm, 'FROM debian'), 'DL3006'],
    ['a command that goes through a shell', text.replace(/^CMD .*$/m, 'CMD node src/main.ts'), 'DL3025'],
    ['a label that is not asked for', text.replace('image.title=', 'image.name='), 'DL3048|DL3049|DL3050'],
    ['a script that is no script', text.replace('chmod -R', 'cd /app && chmod -R'), 'DL3003'],
  ])('would not be let through with %s', (_, broken, rule) => {
    expect(broken).not.toBe(text);
    expect(lint(broken).join('\n')).toMatch(new RegExp(rule));
  });
});
