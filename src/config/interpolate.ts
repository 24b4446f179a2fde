/** `${NAME}` and `${NAME:-default}` inside a text of the configuration; `$${` stands for `${` itself. */
import type { Environment } from './environment.ts';

export interface Interpolated {
  readonly text: string;
  /** Something was replaced: the text may hold a secret and is not to be shown. */
  readonly replaced: boolean;
  /** What cannot be replaced, in words. */
  readonly faults: readonly string[];
}

const REFERENCE = /\$\$\{|\$\{([^}]*)\}?/g;
const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

/** As in a shell, an empty variable counts as unset where a default is given. What was put in is not looked at again. */
export function interpolate(text: string, env: Environment): Interpolated {
  const faults: string[] = [];
  let replaced = false;
  const result = text.replaceAll(REFERENCE, (reference: string, inner: string | undefined) => {
    if (inner === undefined) return '${';
    replaced = true;
    const value = reference.endsWith('}') ? lookUp(inner, env) : null;
    if (value === null) faults.push(MALFORMED);
    if (value === undefined) faults.push(`found \${${inner}}, expected that environment variable to be set`);
    return value ?? '';
  });
  return { text: result, replaced, faults };
}

const MALFORMED = `found a reference that cannot be read, expected \${NAME} or \${NAME:-default} ($\${ for a plain \${)`;

/** Whether the text is one reference and nothing else: then it may become a number, true or false. */
export function isOneReference(text: string): boolean {
  return /^\$\{[^}]*\}$/.test(text);
}

/** undefined: not set and no default; null: not a name. */
function lookUp(inner: string, env: Environment): string | null | undefined {
  const match = NAME_AND_DEFAULT.exec(inner);
  if (match === null) return null;
  const [, name = '', fallback] = match;
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return fallback === undefined ? value : value || fallback;
}
