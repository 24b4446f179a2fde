/** What a PromQL expression asks for: the metrics, and the labels by which it chooses and groups. */

export interface Asked {
  readonly metrics: readonly Selector[];
  /** Labels of `by`, `on`, `without`, `ignoring`. */
  readonly grouping: readonly string[];
}

export interface Selector {
  readonly name: string;
  /** Labels in braces. */
  readonly labels: readonly string[];
}

const KEYWORDS = new Set([
  'and',
  'or',
  'unless',
  'by',
  'on',
  'without',
  'ignoring',
  'offset',
  'bool',
  'group_left',
  'group_right',
]);
const GROUPING = /\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g;

/** Names that are no function and no keyword are metrics: a metric that nobody knows is found too. */
export function asked(expr: string): Asked {
  const withoutTexts = expr.replaceAll(/"[^"]*"/g, '""');
  const grouping = [...withoutTexts.matchAll(GROUPING)].flatMap(([, list = '']) => names(list));
  const rest = withoutTexts.replaceAll(GROUPING, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  const found = [...rest.matchAll(/(?<![\w$.])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\}|\()?/g)];
  const metrics = found
    .filter(([, name = '', after]) => after !== '(' && !KEYWORDS.has(name))
    .map(([, name = '', braces = '']) => ({ name, labels: labelsOf(braces) }));
  return { metrics, grouping };
}

const names = (list: string): string[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

const labelsOf = (braces: string): string[] =>
  [...braces.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map((match) => match[1] ?? '');
