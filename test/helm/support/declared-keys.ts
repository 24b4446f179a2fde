/** Which keys an operator's kind knows, by the declarations of its package: Kubernetes drops an unknown one without a word. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Declaration {
  /** Key → its type, as it is written. */
  readonly members: ReadonlyMap<string, string>;
  /** Name of a type → the file that declares it, where that is one of the same package. */
  readonly files: ReadonlyMap<string, string>;
}

/** `/spec/triggers/0/typo` for each key of `value` that the class in `file` (`….d.ts`) does not declare. */
export function undeclaredKeys(value: unknown, file: string, at = ''): string[] {
  if (typeof value !== 'object' || value === null || !existsSync(file)) return [];
  const { members, files } = declarationIn(file);
  // A list of names or a number by another name: it has no keys.
  if (members.size === 0) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const type = members.get(key);
    if (type === undefined) return [`${at}/${key}`];
    const [, name = type] = /^Array<(.*)>$/.exec(type) ?? [];
    const next = files.get(name);
    if (next === undefined) return [];
    if (!Array.isArray(member)) return undeclaredKeys(member, next, `${at}/${key}`);
    return member.flatMap((each, index) => undeclaredKeys(each, next, `${at}/${key}/${index}`));
  });
}

function declarationIn(file: string): Declaration {
  const text = readFileSync(file, 'utf8');
  const [, body = ''] = /^export declare class [\s\S]*?\{\n([\s\S]*?)^\}/m.exec(text) ?? [];
  const imports = text.matchAll(/^import \{ (\w+) \} from "(\.[^"]+)\.js";/gm);
  return {
    members: new Map(
      [...body.matchAll(/^ {4}"(\w+)"\??: ([^;]+);/gm)].map((match) => [match[1] ?? '', match[2] ?? '']),
    ),
    files: new Map(
      [...imports].map(([, name = '', path = '']) => [name, join(dirname(file), `${path}.d.ts`)]),
    ),
  };
}
