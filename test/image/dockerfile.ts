/** Reads a Dockerfile as far as ours goes; what it does not know is an error, so that nothing of it goes untried. */
import { readFileSync } from 'node:fs';

const KNOWN = [
  ...['ARG', 'FROM', 'WORKDIR', 'COPY', 'RUN', 'LABEL', 'ENV', 'VOLUME', 'USER', 'EXPOSE', 'STOPSIGNAL'],
  ...['HEALTHCHECK', 'ENTRYPOINT', 'CMD'],
] as const;
type Keyword = (typeof KNOWN)[number];

export interface Instruction {
  readonly keyword: Keyword;
  /** `--from=build` as `{ from: 'build' }`. */
  readonly flags: Readonly<Record<string, string>>;
  /** The rest, on one line, as it is written. */
  readonly rest: string;
}

export interface Stage {
  /** The image it begins with; its arguments put in. */
  readonly base: string;
  readonly name: string | null;
  readonly instructions: readonly Instruction[];
}

export function readDockerfile(file: string): readonly Stage[] {
  const instructions = instructionsOf(readFileSync(file, 'utf8'));
  const first = instructions.findIndex(({ keyword }) => keyword === 'FROM');
  const defaults = new Map(instructions.slice(0, first).map(({ rest }) => pairOf(rest)));
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const instruction of instructions.slice(first)) {
    if (instruction.keyword === 'FROM') stages.push(stageOf(instruction, defaults));
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

function instructionsOf(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map(instructionOf);
}

function instructionOf(line: string): Instruction {
  const [, word = '', flagText = '', rest = ''] = /^([A-Z]+)((?:\s+--\S+)*)\s+(.*)$/.exec(line) ?? [];
  const keyword = KNOWN.find((each) => each === word);
  if (keyword === undefined) throw new Error(`an instruction that the rehearsal does not know: ${line}`);
  const flags = Object.fromEntries(flagText.split(/\s+--/).slice(1).map(pairOf));
  return { keyword, flags, rest };
}

function stageOf({ rest }: Instruction, defaults: ReadonlyMap<string, string>) {
  const [, base = '', name = null] = /^(\S+)(?:\s+AS\s+(\S+))?$/.exec(rest) ?? [];
  return {
    base: base.replaceAll(/\$\{(\w+)\}/g, (_, key) => defaults.get(key) ?? ''),
    name,
    instructions: [],
  };
}

/** `KEY=value` or `KEY="value"`. */
function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1).replaceAll(/^"|"$/g, '')];
}

/** The pairs of an ENV or a LABEL. */
export function pairsOf(rest: string): ReadonlyMap<string, string> {
  return new Map([...rest.matchAll(/[\w.]+=(?:"[^"]*"|\S+)/g)].map(([pair]) => pairOf(pair)));
}

/** Each one's text, in order. */
export function restsOf({ instructions }: Stage, keyword: Keyword): string[] {
  return instructions.filter((each) => each.keyword === keyword).map(({ rest }) => rest);
}

/** The words of an instruction in exec form; throws when it would go through a shell. */
export function wordsOf(rest: string): readonly string[] {
  const words: unknown = JSON.parse(rest);
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw new Error(`not in exec form: ${rest}`);
}
