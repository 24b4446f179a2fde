/** The table of the chart's README, made from values.yaml: a row for each key whose comment begins with "--". */
import { isMap, isNode, isScalar, parseDocument, type YAMLMap } from 'yaml';

const BEGIN = '<!-- values: made by node scripts/helm.ts -->';
const END = '<!-- end of values -->';

interface Row {
  readonly path: string;
  readonly value: string;
  readonly meaning: string;
}

/** `readme` with its table made anew from the text of values.yaml. */
export function withTable(readme: string, valuesYaml: string): string {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`README.md has no place for the table: ${BEGIN} … ${END}`);
  const lines = valueRows(valuesYaml).map(
    ({ path, value, meaning }) => `| \`${path}\` | ${value} | ${meaning} |`,
  );
  const table = ['| value | default | meaning |', '| --- | --- | --- |', ...lines].join('\n');
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}

export function valueRows(valuesYaml: string): Row[] {
  const { contents } = parseDocument(valuesYaml);
  return isMap(contents) ? rowsOf(contents, '', '') : [];
}

/** @param lead the comment before the mapping: the parser gives it to the mapping, not to its first key */
function rowsOf({ items }: YAMLMap, path: string, lead: string): Row[] {
  return items.flatMap(({ key, value }, index) => {
    if (!isScalar(key)) return [];
    const comment = `${index === 0 ? lead : ''}\n${key.commentBefore ?? ''}`;
    return rowsOfPair(value, path === '' ? String(key.value) : `${path}.${key.value}`, meaningOf(comment));
  });
}

function rowsOfPair(value: unknown, path: string, meaning: string): Row[] {
  const isSection = isMap(value) && !value.flow;
  const inner = isSection ? rowsOf(value, path, value.commentBefore ?? '') : [];
  const row = { path, value: inner.length > 0 ? '' : shown(value), meaning };
  return meaning === '' ? inner : [row, ...inner];
}

/** The comment from its "--" on, as one line. */
function meaningOf(comment: string): string {
  const lines = comment.split('\n').map((line) => line.trim());
  const start = lines.findLastIndex((line) => line.startsWith('-- '));
  if (start === -1) return '';
  return lines.slice(start).join(' ').slice(3).trim().replaceAll('|', '\\|');
}

function shown(value: unknown): string {
  return `\`${JSON.stringify(isNode(value) ? value.toJSON() : null)}\``;
}
