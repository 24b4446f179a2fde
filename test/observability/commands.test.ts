/** Whoever is called at night types what a page says: the commands and their options must be there. */
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { dashboardFile, pageNames, pageOf, panelsOf } from './support/known.ts';

/** Commands in blocks and in backticks, each up to its comment. */
function commandsOf(page: string): string[] {
  const inline = [...page.matchAll(/`(brazier [^`]+)`/g)].map(([, text = '']) => text);
  const inBlocks = [...page.matchAll(/^(brazier .*)$/gm)].map(([, text = '']) => text);
  return [...inline, ...inBlocks].map((text) => text.replace(/\s+#.*/, '').trim());
}

const program = await createProgram([]);

/** What of a command does not exist: a name where a command has others below it, or an option. */
function unknownIn(command: string): string[] {
  const found: string[] = [];
  let at: Command = program;
  for (const word of command.split(/\s+/).slice(1)) {
    const below = at.commands.find((each) => each.name() === word);
    if (below) at = below;
    else if (word.startsWith('--') ? at.options.every(({ long }) => long !== word) : at.commands.length > 0)
      found.push(word);
  }
  return found;
}

const descriptions = panelsOf(dashboardFile()).map(({ description = '' }) => description);

describe('the pages of the alerts, and the dashboard', () => {
  const texts = [...pageNames().map(pageOf), ...descriptions];
  const all = [...new Set(texts.flatMap(commandsOf))];

  it('have commands', () => expect(all.length).toBeGreaterThan(15));

  it.each(all)('may say: %s', (command) => expect(unknownIn(command)).toEqual([]));

  it('may not say what there is not', () => {
    expect(unknownIn('brazier dead-letters liszt')).toEqual(['liszt']);
    expect(unknownIn('brazier letters list')).toContain('letters');
    expect(unknownIn('brazier dead-letters list --sumary')).toEqual(['--sumary']);
  });
});
